import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, context;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  pulse.startAgent();
  context = await member(browser, pulse);
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** What a browser says of a server that is not there. */
const unreachable = [/ERR_CONNECTION/, /ERR_EMPTY_RESPONSE/, /WebSocket connection/, /status of 50\d/];

function cpu(page) {
  return page
    .getByRole('row')
    .filter({ hasText: 'atlas' })
    .locator('td [title]')
    .nth(0)
    .getAttribute('title');
}

test('when the server dies what is shown stays, and comes to life again by itself', async () => {
  const page = await openPage(context, { expected: unreachable });
  await page.goto('/infrastructure?sort=-cpu');
  await page.evaluate(() => (window.loadedOnce = true));
  await eventually('there is a value', async () => /\d/.test(await cpu(page)));

  await pulse.crash();
  const banner = page.getByRole('status').filter({ hasText: 'Disconnected' });
  await banner.waitFor();
  await banner.getByText(/Next attempt in \d+ s/).waitFor();
  const last = await cpu(page);
  assert.match(last, /\d/, 'the values stay');

  await pulse.up();
  await banner.waitFor({ state: 'detached' });
  await eventually('the values change again', async () => (await cpu(page)) !== last);
  assert.equal(await page.evaluate(() => window.loadedOnce), true, 'the page was not loaded again');
  await soon(async () => assert.match(page.url(), /\/infrastructure\?sort=-cpu$/));
  clean(page);

  // The next trouble is told again, and a reload when it is over finds the same page and the same login.
  await pulse.crash();
  await banner.waitFor();
  await pulse.up();
  await page.reload();
  await page.getByRole('link', { name: 'atlas' }).waitFor();
  await soon(async () => assert.match(page.url(), /\/infrastructure\?sort=-cpu$/));
  await eventually('the values are there', async () => /\d/.test(await cpu(page)));
  clean(page);
  await page.close();
});

test('the charts of before the crash are still there after it', async () => {
  const page = await openPage(context, { expected: unreachable });
  const { id } = (await pulse.hosts())[0];
  await page.goto(`/r/${id}?range=5m`);
  await page.locator('figure canvas').first().waitFor();
  await pulse.crash();
  await page.getByRole('status').filter({ hasText: 'Disconnected' }).waitFor();
  await soon(async () => assert.ok((await page.locator('figure canvas').count()) > 0, 'the picture stays'));
  await page.getByRole('button', { name: 'Try now' }).waitFor();
  await pulse.up();
  await page.getByRole('status').filter({ hasText: 'Disconnected' }).waitFor({ state: 'detached' });
  await soon(async () => assert.ok((await page.locator('figure canvas').count()) > 0));
  clean(page);
  await page.close();
});
