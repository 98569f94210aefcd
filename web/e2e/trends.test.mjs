import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { fleet, report } from './parts/fleet.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, token;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  token = await pulse.mint('fleet', 'host-agent:report');
  await report(pulse, token, 0, 30);
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** How many pixels of each row's line are painted. */
function painted() {
  const canvas = document.querySelector('canvas[data-trends]');
  const rows = document.querySelectorAll('tr[data-index]').length;
  if (!canvas || canvas.height === 0) return [];
  const { width } = canvas;
  const height = Math.floor(canvas.height / rows);
  const to = canvas.getContext('2d');
  return Array.from({ length: rows }, (_, i) => {
    const { data } = to.getImageData(0, i * height, width, height);
    return data.filter((v, at) => at % 4 === 3 && v > 0).length;
  });
}

test('every row has the line of its last hour, asked for at once', async () => {
  const asked = [];
  page.on('request', (r) => r.url().includes('api/v2/sparklines') && asked.push(r.postDataJSON()));
  await page.goto('/infrastructure');
  await eventually('each row is painted', async () => {
    const rows = await page.evaluate(painted);
    return rows.length === fleet.length && rows.every((n) => n > 0);
  });
  assert.equal(asked.length, 1);
  assert.deepEqual(asked[0].lines.map((l) => l.id).toSorted(), fleet.map((h) => h.name).toSorted());
  assert.ok(asked[0].lines.every((l) => l.metric === 'cpu'));

  const head = await page.locator('th[data-trend]').boundingBox();
  const canvas = await page.locator('canvas[data-trends]').boundingBox();
  const row = await page.locator('tr[data-index="0"]').boundingBox();
  assert.ok(Math.abs(canvas.x - head.x) < 1, 'it lies in its column');
  assert.ok(Math.abs(canvas.y - row.y) < 1.5, `it begins with the first row: ${canvas.y}, ${row.y}`);
  assert.equal(canvas.height, fleet.length * row.height);
  clean(page);
});

test('it is of what the rows are sorted by, and can be put away', async () => {
  await page.goto('/infrastructure');
  await page.locator('canvas[data-trends]').waitFor();
  const ofMemory = (r) => r.url().includes('api/v2/sparklines') && r.postData().includes('"memory"');
  const asked = page.waitForRequest(ofMemory);
  await page.getByRole('columnheader', { name: 'Memory' }).getByRole('button').click();
  await asked;
  await page.getByRole('columnheader', { name: 'Memory, 1 h' }).waitFor();
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: /1 h$/ }).click();
  await page.locator('canvas[data-trends]').waitFor({ state: 'detached' });
  await page.reload();
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await soon(async () =>
    assert.equal(await page.locator('canvas[data-trends]').count(), 0, 'the address tells it'),
  );
  await page.getByRole('button', { name: 'Columns' }).click();
  await page.getByRole('checkbox', { name: /1 h$/ }).click();
  await page.locator('canvas[data-trends]').waitFor();
  clean(page);
});
