import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
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

const bar = () => page.getByRole('region', { name: 'What to do with the selected rows' });
const selected = () => page.locator('tr[aria-selected=true]').count();

test('rows are selected by pointer and by keys, and muted together', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('checkbox', { name: 'Select deneb' }).click();
  await bar().getByText('deneb').waitFor();
  await page.getByRole('checkbox', { name: 'Select mira' }).click({ modifiers: ['Shift'] });
  await eventually('the range is selected', async () => (await selected()) === 3);
  assert.deepEqual(await barriers(page), []);
  await fits(page, 'selected rows');

  await page.getByRole('link', { name: 'lyra' }).focus();
  await page.keyboard.press('x');
  await eventually('a key gives one up', async () => (await selected()) === 2);
  await page.keyboard.press(' ');
  await eventually('the space bar selects it', async () => (await selected()) === 3);
  await page.keyboard.press('x');
  await eventually('and a key gives it up again', async () => (await selected()) === 2);

  await bar()
    .getByRole('button', { name: /^Mute for/ })
    .click();
  await bar().getByText('told to nobody').waitFor();
  const { windows } = await pulse.call('GET', '/api/maintenance');
  assert.equal(windows.length, 1);
  assert.deepEqual(windows[0].match.ids.toSorted(), ['deneb', 'mira']);

  await bar().getByRole('button', { name: 'Select nothing' }).click();
  await eventually('nothing is selected', async () => (await selected()) === 0);
  assert.match(page.url(), /\/infrastructure$/, 'no row was opened');
  clean(page);
});

const shownNames = async () => (await page.getByRole('rowheader').allInnerTexts()).map((n) => n.trim());

test('a tag is given to several rows, filters them at once, and is taken back', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('checkbox', { name: 'Select deneb' }).click();
  await page.getByRole('checkbox', { name: 'Select mira' }).click();
  await bar().getByRole('button', { name: 'Tag…' }).click();
  await bar().getByLabel('Tag', { exact: true }).fill('mail');
  await bar().getByText('1 row have it from their source').waitFor();
  await bar().getByLabel('Tag', { exact: true }).fill('moving');
  assert.deepEqual(await barriers(page), []);
  await fits(page, 'the tags of selected rows');
  await bar().getByRole('button', { name: 'Add to 2 rows' }).click();
  await bar().getByText('“moving” was added to 2 rows.').waitFor();
  await bar().getByRole('button', { name: 'Remove from 2 rows' }).waitFor();

  await page.getByRole('combobox', { name: 'Filter' }).fill('tag:moving');
  await eventually('the filter knows it', async () => (await shownNames()).join() === 'deneb,mira');
  await bar().getByRole('button', { name: 'Undo' }).click();
  await bar().getByText('Undone for 2 rows.').waitFor();
  await page.getByRole('heading', { name: 'Nothing passes the filter' }).waitFor();
  assert.equal((await pulse.call('GET', '/api/hosts/metadata/deneb')).tags, null);
  clean(page);
});

test('on a phone a long press selects, then taps do, and what can be done is at hand', async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const context = await member(browser, pulse, phone);
  const small = await openPage(context);
  await small.goto('/infrastructure');
  const card = (name) => small.locator(`a[data-id="${name}"]`);
  await card('deneb').waitFor();
  const { x, y } = await card('deneb').boundingBox();
  const hand = await context.newCDPSession(small);
  const touch = (type, touchPoints) => hand.send('Input.dispatchTouchEvent', { type, touchPoints });
  await touch('touchStart', [{ x: x + 80, y: y + 30 }]);
  await small.getByRole('checkbox', { name: /deneb/, checked: true }).waitFor();
  await touch('touchEnd', []);
  await card('mira').tap();
  const what = small.getByRole('region', { name: 'What to do with the selected rows' });
  await what.getByText('2 selected').waitFor();
  assert.match(small.url(), /\/infrastructure$/, 'no card was opened');
  assert.deepEqual(await barriers(small), []);
  await fits(small, 'selected cards');
  await small.locator('main').evaluate((main) => main.scrollTo(0, main.scrollHeight));
  assert.ok(await what.isVisible(), 'it stays in sight');
  await what.getByRole('button', { name: 'Select nothing' }).click();
  await small.getByRole('checkbox').first().waitFor({ state: 'detached' });

  await small.getByRole('button', { name: 'Select', exact: true }).click();
  await card('vega').tap();
  await small.getByRole('checkbox', { name: /vega/, checked: true }).waitFor();
  await card('vega').press(' ');
  await small.getByRole('checkbox', { name: /vega/, checked: false }).waitFor();
  clean(small);
  await context.close();
});
