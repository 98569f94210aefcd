import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, patience, soon } from './parts/eventually.mjs';
import { fleet, report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { looks, screens, themes } from './parts/pages.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  pulse.startAgent();
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

// The server gives every machine a minute before it speaks of silence, so this waits for longer than other tests.
const silence = 60_000 + 2 * patience;

test('a machine that falls silent keeps its values and is told apart everywhere', async () => {
  const vega = fleet.filter((host) => host.name === 'vega');
  await report(pulse, await pulse.mint('vega', 'host-agent:report'), 0, 1, vega, 1);
  const page = await openPage(await member(browser, pulse, looks('dark', 'desktop')));
  await page.goto('/');
  const row = page.getByRole('row').filter({ hasText: 'vega' });
  const cpu = row.locator('td [title]').first();
  await row.waitFor();
  const last = await cpu.getAttribute('title');
  assert.match(last, /\d/);

  const states = page.getByRole('group', { name: 'Filter by state' });
  await states.getByRole('button', { name: /1\s*stale/ }).waitFor({ timeout: silence });
  assert.equal(await page.getByText('Everything is well.').count(), 0);
  await states.getByRole('button', { name: /stale/ }).click();
  await eventually(
    'only the silent one is left',
    async () => (await page.getByRole('rowheader').count()) === 1,
  );
  await soon(async () => assert.match(await row.innerText(), /stale \d/));
  assert.ok((await row.locator('td [title]').evaluateAll((all) => all.map((e) => e.title))).includes(last));

  await row.getByRole('link').click();
  await page.getByText(/^Last seen .* ago, because its source stopped reporting/).waitFor();
  const machine = page.url();
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [width, height] of Object.values(screens)) {
      await page.setViewportSize({ width, height });
      for (const where of [machine, '/', '/infrastructure?q=status:stale']) {
        await page.goto(where);
        await page.getByText('vega').first().waitFor();
        await fits(page, `${where} at ${width}`);
        assert.deepEqual(await barriers(page), [], `${where} at ${width}, ${theme}`);
      }
    }
  }
  clean(page);
});
