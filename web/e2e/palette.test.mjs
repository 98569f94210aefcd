import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  await report(pulse, await pulse.mint('fleet', 'host-agent:report'), 0, 30);
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

const palette = () => page.getByRole('dialog', { name: 'Go to or do anything' });
const first = () => palette().getByRole('option').first();

async function open() {
  await page.keyboard.press('Control+k');
  await palette().waitFor();
}

test('a few letters find a machine, a page and an action, without a mouse', async () => {
  await page.goto('/');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await open();
  await page.keyboard.type('veg');
  await eventually('the machine is first', async () => /^vega/.test(await first().innerText()));
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'vega', level: 1 }).waitFor();
  await soon(async () => assert.equal(await palette().count(), 0, 'it closed'));

  await open();
  await page.keyboard.type('tokens');
  await page.keyboard.press('Enter');
  await page.getByRole('list', { name: 'API tokens' }).waitFor();

  await open();
  await page.keyboard.type('dark');
  await page.keyboard.press('Enter');
  await eventually('the theme is dark', () =>
    page.evaluate(() => document.documentElement.dataset.theme === 'dark'),
  );
  await open();
  await page.keyboard.type('keys');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Keyboard and filter' }).waitFor();
  await page.keyboard.press('Escape');
  clean(page);
});

test('arrows choose, Escape closes and gives the focus back', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  const filter = page.getByRole('combobox', { name: 'Filter' });
  await filter.focus();
  await open();
  const chosen = () => palette().locator('[aria-selected=true]').innerText();
  const before = await chosen();
  await page.keyboard.press('ArrowDown');
  await eventually('the next is chosen', async () => (await chosen()) !== before);
  await page.keyboard.press('ArrowUp');
  await eventually('the first is chosen again', async () => (await chosen()) === before);
  await page.keyboard.type('no such thing');
  await palette().getByText('Nothing is called').waitFor();
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await palette().waitFor({ state: 'detached' });
  assert.ok(await filter.evaluate((e) => e === document.activeElement), 'the focus is back');
  clean(page);
});

test('it fits every screen and keeps nobody out', async () => {
  await page.goto('/');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  for (const [width, height] of [
    [390, 844],
    [1440, 900],
  ]) {
    await page.setViewportSize({ width, height });
    await open();
    await first().waitFor();
    await fits(page, `the palette at ${width}`);
    assert.deepEqual(await barriers(page), []);
    await page.keyboard.press('Escape');
    await palette().waitFor({ state: 'detached' });
  }
  clean(page);
});
