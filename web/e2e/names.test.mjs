import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { fleet, report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { screens } from './parts/pages.mjs';
import { Pulse } from './parts/pulse.mjs';

/** Names that turn the direction around, that show nothing, and that have no place to break. */
const names = ['turned\u202Egnp.exe', 'hidden\u200Bspace', `long${'x'.repeat(240)}`];

let pulse, browser;
before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  const token = await pulse.mint('odd', 'host-agent:report');
  const odd = names.map((name, i) => ({ ...fleet[i], name }));
  for (const round of [0, 0]) await report(pulse, token, round, 1, odd, 600);
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** Runs in the page. The elements whose text turns the direction around for what stands beside them on the line. */
function turning() {
  const walker = document.createTreeWalker(document.body, window.NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const { parentElement: element, data } = walker.currentNode;
    if (!data.includes('\u202E')) continue;
    const { unicodeBidi, display } = getComputedStyle(element);
    if (display === 'inline' && !unicodeBidi.startsWith('isolate'))
      found.push(element.outerHTML.slice(0, 200));
  }
  return found;
}

test('odd names turn nothing around and fit every screen', async () => {
  const page = await openPage(await member(browser, pulse));
  const hosts = await pulse.hosts();
  assert.equal(hosts.length, names.length);
  for (const path of ['/', '/infrastructure', ...hosts.map((h) => `/r/${h.id}`), '/alerts']) {
    await page.goto(path);
    const shown = path.startsWith('/r/') ? page.locator('h1') : page.locator('main');
    await shown.filter({ hasText: path === '/alerts' ? /Alerts/ : /turned|hidden|long/ }).waitFor();
    for (const [width, height] of Object.values(screens)) {
      await page.setViewportSize({ width, height });
      await fits(page, `${path} at ${width}`);
      assert.deepEqual(await page.evaluate(turning), [], path);
    }
  }
  clean(page);
});
