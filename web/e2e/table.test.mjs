import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, context, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  await report(pulse, await pulse.mint('fleet', 'host-agent:report'), 0, 30);
  context = await member(browser, pulse);
  page = await openPage(context);
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

const filter = () => page.getByRole('combobox', { name: 'Filter' });
const options = () => page.getByRole('listbox', { name: 'What the filter understands' }).getByRole('option');
const names = async () => (await page.getByRole('rowheader').allInnerTexts()).map((n) => n.trim());

test('the filter suggests keys and the values that there are, without a mouse', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await filter().focus();
  await page.keyboard.type('ta');
  await eventually('a key is offered', async () => /^tag:/.test(await options().first().innerText()));
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await soon(async () => assert.equal(await filter().inputValue(), 'tag:'));
  await eventually('its values are offered', async () =>
    (await options().allInnerTexts()).map((t) => t.trim()).includes('tag:lab'),
  );
  await page.keyboard.type('la');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Tab');
  await soon(async () => assert.equal(await filter().inputValue(), 'tag:lab '));
  await eventually('it filters', async () => (await names()).join() === 'sirius,vega');
  assert.deepEqual(await barriers(page), []);
  await page.keyboard.press('Escape');
  await eventually('Escape clears', async () => (await names()).length > 2);
  clean(page);
});

test('rows group under heads that count, and the address tells', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await page.getByRole('combobox', { name: 'Group' }).selectOption({ label: 'Tag' });
  const heads = page.locator('th[scope=rowgroup]');
  await eventually('there is a head for each tag', async () => (await heads.count()) > 4);
  await eventually('it counts', async () =>
    (await heads.allInnerTexts()).some((t) => /^lab\s+2$/.test(t.trim())),
  );
  await soon(async () => assert.match(page.url(), /group=tag/));
  await page.keyboard.press('Escape');
  await page.locator('main').focus();
  await page.keyboard.press('j');
  await eventually('keys pass over the head', () =>
    page.evaluate(() => document.activeElement.matches('tbody a')),
  );
  assert.deepEqual(await barriers(page), []);
  await page.reload();
  await eventually('a reload keeps the groups', async () => (await heads.count()) > 4);
  clean(page);
});

test('columns are chosen, and a link shows the same', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  const heads = () => page.getByRole('columnheader').allInnerTexts();
  assert.ok((await heads()).includes('Memory'));
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: 'Memory' }).click();
  await eventually('the column went', async () => !(await heads()).includes('Memory'));
  assert.deepEqual(await barriers(page), []);
  const address = page.url();
  assert.match(address, /cols=/);
  await page.goto('/');
  await page.goto(address);
  await page.getByRole('link', { name: 'vega' }).waitFor();
  assert.ok(!(await heads()).includes('Memory'), 'the link tells it');
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('button', { name: 'As usual' }).click();
  await eventually('the column is back', async () => (await heads()).includes('Memory'));
  await soon(async () => assert.ok(!/cols=/.test(page.url())));
  clean(page);
});

test('on a phone the filter is behind one button, and rows are cards', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/infrastructure?group=tag');
  await page.getByRole('link', { name: /vega/ }).first().waitFor();
  assert.ok(!(await filter().isVisible()));
  await page.getByRole('button', { name: 'Filter', exact: true }).click();
  await filter().fill('st');
  await options().first().waitFor();
  assert.deepEqual(await barriers(page), []);
  await options().first().click();
  await soon(async () => assert.equal(await filter().inputValue(), 'status:'));
  await options().filter({ hasText: 'fine' }).click();
  await soon(async () => assert.equal(await filter().inputValue(), 'status:fine '));
  await fits(page, 'the filter on a phone');
  await page.setViewportSize({ width: 1440, height: 900 });
  clean(page);
});
