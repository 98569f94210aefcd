// Measures in a real browser what docs/benchmarks.md says of the web app, and prints it. Words on the command line choose
// measurements: node e2e/budgets.mjs first scroll.
import { setTimeout as pause } from 'node:timers/promises';
import { member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { missing } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';
import { Wire } from './parts/wire.mjs';

/** Of several runs the best is told: it is what the machine can do, the others are what disturbed it. */
const runs = 5;
const rest = 60_000;

const words = process.argv.slice(2);
const chosen = (name) => words.length === 0 || words.includes(name);

function tell(what, budget, measured) {
  console.log(`${what.padEnd(58)} ${budget.padStart(10)} ${measured}`);
}

/** A server with so many invented guests that live, all of them known. */
async function seeded(machines, guests) {
  const pulse = await Pulse.start();
  await pulse.claim();
  const config = { machines, guests };
  await pulse.call('POST', '/api/integrations', { body: { kind: 'demo', name: 'demo', config } });
  await eventually('all guests are there', async () => {
    const { demoGuests } = await pulse.call('GET', '/api/state');
    return demoGuests?.length === guests;
  });
  return pulse;
}

/** Remembers in the page when its first row was there, and when the main thread was busy for long. */
function observe() {
  window.busyUntil = 0;
  new PerformanceObserver((list) => {
    for (const e of list.getEntries()) window.busyUntil = e.startTime + e.duration;
  }).observe({ type: 'longtask', buffered: true });
  const seen = new MutationObserver(() => {
    if (!document.querySelector('main [data-index]')) return;
    seen.disconnect();
    requestAnimationFrame(() => (window.firstRow = performance.now()));
  });
  seen.observe(document, { childList: true, subtree: true });
}

/** A page with what its network did. */
async function watched(browser, pulse, wire) {
  const context = await member(browser, { url: wire?.url ?? pulse.url });
  const page = await openPage(context);
  await page.addInitScript(observe);
  const session = await context.newCDPSession(page);
  const requests = [];
  let script = 0;
  const scripts = new Set();
  session.on('Network.requestWillBeSent', (e) => {
    requests.push(e.request.url);
    if (e.type === 'Script') scripts.add(e.requestId);
  });
  session.on('Network.webSocketCreated', (e) => requests.push(e.url));
  session.on('Network.loadingFinished', (e) => {
    if (scripts.has(e.requestId)) script += e.encodedDataLength;
  });
  await session.send('Network.enable');
  await session.send('Performance.enable');
  return { context, page, session, requests, script: () => script };
}

async function metric(session, name) {
  const { metrics } = await session.send('Performance.getMetrics');
  return metrics.find((m) => m.name === name).value;
}

async function firstView(browser, path, guests) {
  const pulse = await seeded(20, guests);
  try {
    const figures = [];
    for (let i = 0; i < runs; i++) {
      const wire = await Wire.to(pulse.url);
      const { context, page, requests, script } = await watched(browser, pulse, wire);
      wire.received = 0;
      await page.goto(path);
      await page.waitForFunction(() => window.firstRow > 0);
      await pause(3000);
      const { row, busy } = await page.evaluate(() => ({ row: window.firstRow, busy: window.busyUntil }));
      figures.push({
        row,
        interactive: Math.max(row, busy),
        wire: wire.received,
        script: script(),
        requests,
      });
      await context.close();
      await wire.close();
    }
    const best = (f) => Math.min(...figures.map(f));
    const kB = (n) => `${(n / 1000).toFixed(0)} KB`;
    const title = `${path} of ${guests} guests: `;
    tell(`${title}wire, first view`, '400 KB', kB(best((f) => f.wire)));
    tell(`${title}of it script`, '200 KB', kB(best((f) => f.script)));
    tell(`${title}first row`, '0.7 s', `${(best((f) => f.row) / 1000).toFixed(2)} s`);
    tell(`${title}interactive`, '1.2 s', `${(best((f) => f.interactive) / 1000).toFixed(2)} s`);
    tell(`${title}requests`, '15', String(best((f) => f.requests.length)));
    if (process.env.VERBOSE) console.log(figures[0].requests.join('\n'));
    await atRest(browser, pulse, path, title);
  } finally {
    await pulse.stop();
  }
}

async function atRest(browser, pulse, path, title) {
  const { context, page, session, requests } = await watched(browser, pulse);
  await page.goto(path);
  await page.waitForFunction(() => window.firstRow > 0);
  await pause(5000);
  requests.length = 0;
  const before = await metric(session, 'TaskDuration');
  await pause(rest);
  const busy = (await metric(session, 'TaskDuration')) - before;
  tell(`${title}main thread at rest`, '3 %', `${((busy / rest) * 1e5).toFixed(1)} %`);
  tell(`${title}requests per minute at rest`, '2', String((requests.length * 60_000) / rest));
  if (process.env.VERBOSE) console.log(requests.join('\n'));
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  const { nodes } = await session.send('Memory.getDOMCounters');
  tell(`${title}DOM nodes`, '4,000', String(nodes));
  tell(`${title}heap after GC`, '35 MB', `${(usedSize / 1e6).toFixed(1)} MB`);
  await context.close();
}

/** Turns the wheel for some seconds, as fast as a hand does, and returns how long each frame took. */
async function framesWhileScrolling(page, seconds) {
  const main = await page.locator('main').boundingBox();
  await page.mouse.move(main.x + main.width / 2, main.y + main.height / 2);
  await page.evaluate(() => {
    window.frameTimes = [];
    let last;
    const each = (now) => {
      if (last !== undefined) window.frameTimes.push(now - last);
      last = now;
      requestAnimationFrame(each);
    };
    requestAnimationFrame(each);
  });
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    await page.mouse.wheel(0, 400);
    await pause(30);
  }
  return page.evaluate(() => window.frameTimes);
}

async function scrolling(browser, guests) {
  const pulse = await seeded(100, guests);
  try {
    const { context, page } = await watched(browser, pulse);
    for (const path of ['/workloads', '/workloads?sort=-cpu&group=tag']) {
      await page.goto(path);
      await page.waitForFunction(() => window.firstRow > 0);
      await pause(3000);
      const frames = (await framesWhileScrolling(page, 15)).sort((a, b) => a - b);
      const at = (share) => frames[Math.floor((frames.length - 1) * share)].toFixed(0);
      const moved = await page.evaluate(() => document.querySelector('main').scrollTop);
      tell(
        `${path} of ${guests}: p99 frame`,
        '50 ms',
        `${at(0.99)} ms (median ${at(0.5)}, ${frames.length} frames, ${moved} px)`,
      );
      tell(`${path} of ${guests}: longest frame`, '150 ms', `${at(1)} ms`);
    }
    await context.close();
  } finally {
    await pulse.stop();
  }
}

async function main() {
  const lack = missing();
  if (lack) throw new Error(lack);
  const browser = await startBrowser();
  try {
    if (chosen('first')) await firstView(browser, '/', 600);
    if (chosen('table')) await firstView(browser, '/workloads', 600);
    if (chosen('scroll')) for (const guests of [2_000, 10_000]) await scrolling(browser, guests);
  } finally {
    await browser.close();
  }
}

await main();
