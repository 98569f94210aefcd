import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
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

const memory = () => page.locator('[data-gauge]').first();

test('numbers that are under way are no dashes', async () => {
  await page.addInitScript(() => {
    window.dashes = [];
    new MutationObserver(() => {
      for (const cell of document.querySelectorAll('td')) {
        if (cell.textContent.trim() === '–') window.dashes.push(cell.parentElement.textContent);
      }
    }).observe(document, { childList: true, subtree: true, characterData: true });
  });
  await page.goto('/infrastructure?cols=cpu,memory,disk,uptime');
  await page.locator('tr[data-index]').filter({ hasText: /\d %/ }).first().waitFor();
  assert.deepEqual(await page.evaluate(() => window.dashes), []);
  clean(page);
});

test('units are chosen once and hold everywhere, also after a reload', async () => {
  await page.goto('/r/lyra?range=5m');
  await memory().waitFor();
  const text = () => page.locator('main').innerText();
  await eventually('sizes are in GiB', async () => /\d [GT]iB/.test(await text()));
  await page.getByRole('button', { name: 'Theme and units' }).click();
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'GB, MB/s' }).click();
  const decimal = async () => {
    const now = await text();
    return /\d [GT]B/.test(now) && !/\d [KMGT]iB/.test(now) && !/bit\/s/.test(now);
  };
  await eventually('all are decimal now', decimal);
  await page.reload();
  await eventually('a reload keeps it', decimal);
  clean(page);
});

test('what a resource is tagged with leads to all that are', async () => {
  await page.goto('/r/lyra');
  await page.getByRole('list', { name: 'Tags and its own page' }).getByRole('link', { name: 'prod' }).click();
  await eventually('its neighbours are there', async () => (await page.getByRole('rowheader').count()) > 3);
  await soon(async () => assert.equal(new URL(page.url()).searchParams.get('q'), 'tag:prod'));
  clean(page);
});

test('the overview tells what changed lately', async () => {
  const config = { machines: 2, guests: 30 };
  await pulse.call('POST', '/api/integrations', { body: { kind: 'demo', name: 'demo', config } });
  await eventually(
    'there are events',
    async () => (await pulse.call('GET', '/api/v2/events')).events.length > 0,
  );
  await page.goto('/');
  const lately = page.getByRole('region', { name: 'What changed lately' });
  await lately.getByRole('listitem').first().waitFor();
  await soon(async () =>
    assert.match(await lately.getByRole('listitem').first().innerText(), /\S+ ago|just now|\d{4}/),
  );
  assert.ok((await lately.getByRole('listitem').count()) <= 6);
  clean(page);
});
