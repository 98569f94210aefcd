import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, id;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  await report(pulse, await pulse.mint('fleet', 'host-agent:report'), 0, 30);
  pulse.startAgent();
  await eventually(
    'the agent reported',
    async () => (id = (await pulse.hosts()).find((h) => h.hostname === 'atlas')?.id),
  );
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

/** Does something to the plot until it has its effect: one that is made anew in the middle of it, as its data come, lets go. */
async function until(what, done, act, on = page) {
  await eventually(what, async () => {
    if (done()) return true;
    await act();
    await on.waitForURL(done, { timeout: 2_000 }).catch(() => undefined);
    return done();
  });
}

const zoom = (fromShare, toShare) =>
  until(
    'dragging zooms',
    () => search().has('from'),
    () => drag(fromShare, toShare),
  );

test('dragging looks at a part in the address; Back and the button give the range again', async () => {
  await openCharts('range=5m');
  const asked = page.waitForRequest((r) => /metrics-store\/history.*end=\d+/.test(r.url()));
  await zoom(0.5, 0.999);
  await asked;
  const width = Number(search().get('to')) - Number(search().get('from'));
  assert.ok(width > 100_000 && width < 200_000, `half of five minutes, not ${width}`);
  await page.reload();
  await cpu().locator('canvas').waitFor();
  assert.ok(search().has('from'), 'a reload keeps the part');
  await page.goBack();
  await eventually('Back undoes', () => !search().has('from'));
  await cpu().locator('canvas').waitFor();
  await zoom(0.5, 0.999);
  await page.getByRole('button', { name: 'Reset zoom' }).click();
  await eventually('the button undoes', () => !search().has('from'));
  assert.equal(search().get('range'), '5m');
  clean(page);
});

test('another time is laid under, with its numbers', async () => {
  await openCharts('range=5m');
  const asked = page.waitForRequest((r) => /metrics-store\/history.*end=\d+/.test(r.url()));
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'The time before' }).click();
  await asked;
  await page.getByText('Dashed:').waitFor();
  assert.equal(search().get('compare'), '1');
  await cpu().getByRole('columnheader', { name: 'then' }).waitFor();
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'Nothing' }).click();
  await page.getByText('Dashed:').waitFor({ state: 'detached' });
  clean(page);
});

test('two parts are chosen freely and compared', async () => {
  await openCharts('range=5m');
  const choose = async (from, to) => {
    await page.getByLabel('From', { exact: true }).fill(from);
    await page.getByLabel('To', { exact: true }).fill(to);
    await page.getByRole('button', { name: 'Show' }).click();
  };
  await page.getByRole('button', { name: 'From and to' }).click();
  await choose('2026-01-02T10:00', '2026-01-02T09:00');
  await page.getByText('It ends before it begins.').waitFor();
  const now = new Date(Date.now() + 60_000).toISOString().slice(0, 16);
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString().slice(0, 16);
  await choose(anHourAgo, now);
  await eventually('the address tells the part', () => search().has('from'));
  await page.getByRole('button', { name: 'Compare' }).click();
  await page.getByRole('button', { name: 'Another time…' }).click();
  const asked = page.waitForRequest((r) => r.url().includes(`end=${Date.parse('2026-01-02T09:00Z')}`));
  await choose('2026-01-02T08:00', '2026-01-02T09:00');
  await asked;
  assert.equal(
    search().get('compare'),
    `${Date.parse('2026-01-02T08:00Z')}-${Date.parse('2026-01-02T09:00Z')}`,
  );
  await page.getByText('Dashed: 2 Jan').waitFor();
  await page.reload();
  await page.getByText('Dashed: 2 Jan').waitFor();
  clean(page);
});

test('lines of others are laid over, and a link shows the same', async () => {
  await openCharts('range=5m');
  await page.getByRole('button', { name: 'Overlay others' }).click();
  await page.getByLabel('Name', { exact: true }).fill('veg');
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('button', { name: 'vega' }).click();
  await eventually('the address tells it', () => search().get('with') === 'vega');
  await cpu().getByRole('rowheader', { name: 'vega' }).waitFor();
  await cpu().getByRole('rowheader', { name: 'atlas' }).waitFor();
  await page.reload();
  await cpu().getByRole('rowheader', { name: 'vega' }).waitFor();
  await fits(page, 'charts with lines laid over');
  await page.getByRole('button', { name: 'Take vega away' }).click();
  await cpu().getByRole('rowheader', { name: 'vega' }).waitFor({ state: 'detached' });
  assert.ok(!search().has('with'));
  clean(page);
});

const width = () => Number(search().get('to')) - Number(search().get('from'));

test('the part moves and grows with the mouse and by buttons', async () => {
  await openCharts('range=1h');
  const zoomed = () => search().has('from') && width() < 2_000_000;
  await until('the wheel zooms', zoomed, async () => {
    const box = await cpu().locator('.u-over').boundingBox();
    await page.mouse.move(box.x + box.width - 2, box.y + box.height / 2);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -400);
    await page.keyboard.up('Control');
  });
  const [from, wide] = [Number(search().get('from')), width()];
  await cpu().locator('canvas').waitFor();
  const moved = () => Number(search().get('from')) < from - wide / 5;
  await until('a drag with Shift moves', moved, async () => {
    await page.keyboard.down('Shift');
    await drag(0.5, 0.75);
    await page.keyboard.up('Shift');
  });
  assert.ok(Math.abs(width() - wide) < wide / 50, 'as wide as before');
  await page.getByRole('button', { name: 'Zoom out' }).click();
  await eventually('a button widens', () => width() > wide * 1.9);
  const later = Number(search().get('from'));
  await page.getByRole('button', { name: 'Earlier' }).click();
  await eventually('a button moves', () => Number(search().get('from')) < later);
  clean(page);
});

test('two fingers zoom on a touch screen, and one finger up and down scrolls the page', async () => {
  const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
  const context = await member(browser, pulse, phone);
  const small = await openPage(context);
  await small.goto(`/r/${id}?range=1h`);
  const figure = small
    .locator('figure')
    .filter({ has: small.getByRole('heading', { name: 'CPU', exact: true }) });
  await figure.locator('canvas').waitFor();
  await figure.scrollIntoViewIfNeeded();
  await fits(small, 'the charts on a phone');
  const hand = await context.newCDPSession(small);
  const pinch = async () => {
    const box = await figure.locator('.u-over').boundingBox();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    const touch = (type, ...xs) =>
      hand.send('Input.dispatchTouchEvent', { type, touchPoints: xs.map((at, i) => ({ x: at, y, id: i })) });
    await touch('touchStart', x - 20, x + 20);
    for (const apart of [30, 45, 60, 80]) await touch('touchMove', x - apart, x + apart);
    await touch('touchEnd');
  };
  const asked = () => new URL(small.url()).searchParams;
  await until('the part is in the address', () => asked().has('from'), pinch, small);
  const wide = Number(asked().get('to')) - Number(asked().get('from'));
  assert.ok(wide < 1_500_000, `a quarter of an hour, not ${wide}`);
  clean(small);
  await context.close();
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
  await soon(async () => assert.match(await table.getByRole('cell').first().innerText(), /%/));
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
