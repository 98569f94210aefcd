import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { soon } from './parts/eventually.mjs';
import { fleet, report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

const dialog = () => page.getByRole('dialog', { name: 'Add a host' });

/** The token in the command that shows. */
async function tokenShown() {
  const command = await dialog().getByLabel('Command that starts the agent').innerText();
  assert.ok(command.includes(`${pulse.url}`), command);
  return /printf '%s\\n' (\S+)/.exec(command)[1];
}

test('an empty server says what to do, and the machine is told once it arrives', async () => {
  await page.goto('/');
  await page.getByRole('heading', { name: 'No machine reports yet' }).waitFor();
  await page.getByRole('link', { name: 'Add a host' }).click();
  await dialog().getByLabel('Name of its token').fill('cellar');
  await dialog().getByText('valid until it is revoked').waitFor();
  await page.keyboard.press('Enter');
  await dialog().getByText('Waiting for its first report').waitFor();
  await dialog().getByText('host-agent:report').waitFor();
  const token = await tokenShown();
  for (const [width, height] of [
    [390, 844],
    [1440, 900],
  ]) {
    await page.setViewportSize({ width, height });
    await fits(page, `the command at ${width}`);
  }
  assert.deepEqual(await barriers(page), []);
  await report(pulse, token, 0, 30, fleet.slice(0, 1));
  await dialog().getByText('has arrived').waitFor();
  await dialog().getByRole('link', { name: 'altair' }).click();
  await page.getByRole('heading', { name: 'altair', level: 1 }).waitFor();
  clean(page);
});

test('the token may report and nothing else, and a known machine is told apart from a new one', async () => {
  await page.goto('/infrastructure?add=host');
  await dialog().getByRole('button', { name: 'Make the token' }).click();
  await dialog().getByRole('button', { name: 'In a terminal' }).click();
  const token = await tokenShown();
  const seen = await fetch(`${pulse.url}/api/state`, { headers: { Authorization: `Bearer ${token}` } });
  assert.equal(seen.status, 403);
  // Its former token goes: with both, these would be two machines of one name.
  const { tokens } = await pulse.call('GET', '/api/security/tokens');
  await pulse.call('DELETE', `/api/security/tokens/${tokens.find((t) => t.name === 'cellar').id}`);
  await report(pulse, token, 1, 30, fleet.slice(0, 1));
  await dialog().getByText('one that is already known reports again').waitFor();
  await page.keyboard.press('Escape');
  await dialog().waitFor({ state: 'detached' });
  await soon(async () => assert.equal(new URL(page.url()).search, ''));
  clean(page);
});
