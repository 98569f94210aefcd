import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { fits } from './parts/layout.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, id;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  pulse.startAgent();
  await eventually('the agent reported', async () => (id = (await pulse.hosts())[0]?.id));
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

const search = () => new URL(page.url()).searchParams;
const cpu = () =>
  page.locator('figure').filter({ has: page.getByRole('heading', { name: 'CPU', exact: true }) });

async function openCharts(query) {
  await page.goto(`/r/${id}?${query}`);
  await cpu().locator('canvas').waitFor();
}

/** Drags over a part of the CPU plot. */
async function drag(fromShare, toShare) {
  const box = await cpu().locator('.u-over').boundingBox();
  const y = box.y + box.height / 2;
  await page.mouse.move(box.x + box.width * fromShare, y);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * toShare, y, { steps: 5 });
  await page.mouse.up();
}

test('dragging looks at a part in the address; Back and the button give the range again', async () => {
  await openCharts('range=5m');
  const asked = page.waitForRequest((r) => /metrics-store\/history.*end=\d+/.test(r.url()));
  await drag(0.5, 0.999);
  await asked;
  await eventually('the address tells the part', () => search().has('from') && search().has('to'));
  const width = Number(search().get('to')) - Number(search().get('from'));
  assert.ok(width > 100_000 && width < 200_000, `half of five minutes, not ${width}`);
  await page.reload();
  await cpu().locator('canvas').waitFor();
  assert.ok(search().has('from'), 'a reload keeps the part');
  await page.goBack();
  await eventually('Back undoes', () => !search().has('from'));
  await cpu().locator('canvas').waitFor();
  await drag(0.5, 0.999);
  await page.getByRole('button', { name: 'Reset zoom' }).click();
  await eventually('the button undoes', () => !search().has('from'));
  assert.equal(search().get('range'), '5m');
  clean(page);
});

test('the time before is laid under, with its numbers', async () => {
  await openCharts('range=5m');
  const asked = page.waitForRequest((r) => /metrics-store\/history.*end=\d+/.test(r.url()));
  await page.getByRole('button', { name: 'Compare' }).click();
  await asked;
  await page.getByText('Dashed: the time before').waitFor();
  assert.equal(search().get('compare'), '1');
  await cpu().getByRole('columnheader', { name: 'before' }).waitFor();
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByText('Dashed: the time before').waitFor({ state: 'detached' });
  clean(page);
});

test('numbers and picture can be taken', async () => {
  await openCharts('range=5m');
  const take = async (what) => {
    await cpu().getByRole('button', { name: 'Take from CPU' }).click();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByText(what).click()]);
    return { name: file.suggestedFilename(), content: await readFile(await file.path()) };
  };
  const csv = await take('Download as CSV');
  assert.equal(csv.name, 'atlas_CPU.csv');
  assert.match(csv.content.toString(), /^time,CPU\b.*\r\n\d{4}-\d\d-\d\dT[\d:.]+Z,[\d.]+/);
  const png = await take('Download as PNG');
  assert.equal(png.name, 'atlas_CPU.png');
  assert.equal(png.content.subarray(1, 4).toString(), 'PNG');
  assert.ok(png.content.length > 3000, 'the picture is not empty');
  clean(page);
});

test('the values are there as a table', async () => {
  await openCharts('range=5m');
  await cpu().getByRole('button', { name: 'Take from CPU' }).click();
  await page.getByText('Values as a table').click();
  const table = page.getByRole('dialog', { name: 'CPU of atlas' });
  await table.getByRole('row').nth(1).waitFor();
  assert.match(await table.getByRole('cell').first().innerText(), /%/);
  await fits(page, 'the values');
  assert.deepEqual(await barriers(page), []);
  await page.keyboard.press('Escape');
  await table.waitFor({ state: 'detached' });
  clean(page);
});

test('the cursor is shared by all charts', async () => {
  await openCharts('range=5m');
  await cpu().locator('.u-over').hover();
  const heads = page.locator('figure [data-moment]');
  await eventually('every legend tells the same moment', async () => {
    const texts = await heads.allInnerTexts();
    return texts.length > 3 && texts.every((t) => /\d\d:\d\d/.test(t));
  });
  clean(page);
});
