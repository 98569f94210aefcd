import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { fleet, report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  await report(pulse, await pulse.mint('fleet', 'host-agent:report'), 0, 30, fleet, 600);
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
