import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { fleet, report } from './parts/fleet.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, context, token;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  token = await pulse.mint('fleet', 'host-agent:report');
  await report(pulse, token, 0, 30);
  context = await member(browser, pulse);
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** Lets the fleet report with other shares of memory. */
async function remember(shares, round) {
  const hosts = fleet.map((host) => ({ ...host, used: shares[host.name] ?? host.used }));
  await report(pulse, token, round, 30, hosts);
}

const names = async (page) => (await page.getByRole('rowheader').allInnerTexts()).map((n) => n.trim());

test('rows sort anew when what they are sorted by changes, but not under the pointer', async () => {
  const page = await openPage(context);
  await page.goto('/infrastructure?sort=-memory');
  await eventually('the fullest is first', async () => (await names(page))[0] === 'rigel');
  await remember({ vega: 99 }, 1);
  await eventually('the new fullest is first', async () => (await names(page))[0] === 'vega');

  await page.getByRole('rowheader', { name: 'lyra' }).hover();
  const before = await names(page);
  await remember({ vega: 5, mira: 98 }, 2);
  await page.getByRole('button', { name: 'Re-sort' }).waitFor();
  assert.deepEqual(await names(page), before, 'nothing moves under the pointer');
  await page.getByRole('button', { name: 'Re-sort' }).click();
  await eventually('the fullest is first again', async () => (await names(page))[0] === 'mira');
  clean(page);
  await page.close();
});

test('where no WebSocket gets through, the page lives by requests', async () => {
  const page = await openPage(context, { expected: [/WebSocket/] });
  let refused = 0;
  await page.routeWebSocket(/\/ws/, (socket) => {
    refused++;
    void socket.close();
  });
  await page.goto('/infrastructure?sort=-memory');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await page.getByText('Every 5 s').waitFor();
  assert.ok(refused >= 3, 'connections were tried');
  await remember({ deneb: 99 }, 3);
  await eventually('what changed is shown', async () => (await names(page))[0] === 'deneb');
  await page.getByRole('link', { name: 'deneb' }).click();
  await page.getByRole('heading', { name: 'deneb', level: 1 }).waitFor();
  await page.locator('figure canvas').first().waitFor();
  clean(page);
  await page.close();
});
