import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
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

const menus = (on) => on.getByRole('navigation', { name: 'Main' }).filter({ visible: true });

test('the kiosk hides the menus on every page until somebody leaves it', async () => {
  await page.goto('/?kiosk=1');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  assert.equal(await menus(page).count(), 0);
  assert.deepEqual(await barriers(page), []);
  await page.getByRole('link', { name: 'vega' }).click();
  await page.getByRole('heading', { name: 'vega', level: 1 }).waitFor();
  await soon(async () => assert.match(page.url(), /kiosk=1/));
  assert.equal(await menus(page).count(), 0);
  const leave = page.getByRole('button', { name: 'Leave the kiosk' });
  // It hides again a moment after somebody moved.
  await eventually('the way out is taken', async () => {
    await page.mouse.move(200, 200);
    await page.mouse.move(300, 300);
    await leave.click({ timeout: 2_000 });
    return true;
  });
  await menus(page).waitFor();
  await soon(async () => assert.ok(!/kiosk/.test(page.url())));

  await page.keyboard.press('Control+k');
  await page.getByRole('dialog', { name: 'Go to or do anything' }).waitFor();
  await page.keyboard.type('kiosk mode');
  await page.keyboard.press('Enter');
  await eventually('the palette leads there too', () => /kiosk=1/.test(page.url()));
  clean(page);
});

test('a kiosk link shows everything and changes nothing, over a restart, until it is revoked', async () => {
  await page.goto('/settings/kiosk');
  await page.getByLabel('What it is for').fill('hall');
  await page.getByLabel('It opens').selectOption({ label: 'Infrastructure' });
  await page.getByRole('button', { name: 'Make the link' }).click();
  const link = await page.getByLabel('The kiosk link').innerText();
  assert.match(link, /\/infrastructure\?kiosk=1#token=[0-9a-f]+$/);
  clean(page);

  const context = await visitor(browser, pulse);
  const wall = await openPage(context, { expected: [/status of 40[13]|WebSocket|ERR_CONNECTION/] });
  await wall.goto(link);
  await wall.getByRole('link', { name: 'vega' }).waitFor();
  await soon(async () => assert.ok(!wall.url().includes('token'), 'the token is not in sight'));
  assert.equal(await menus(wall).count(), 0);
  assert.deepEqual(await context.cookies(), [], 'nobody is logged in');
  await wall.reload();
  await wall.getByRole('link', { name: 'vega' }).click();
  await wall.getByRole('heading', { name: 'vega', level: 1 }).waitFor();
  await wall.locator('figure canvas').first().waitFor();

  const token = link.split('token=')[1];
  const changed = await fetch(`${pulse.url}/api/system/settings/update`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: '{"temperatureMonitoringEnabled":false}',
  });
  assert.equal(changed.status, 403);
  await wall.goto(`${pulse.url}/settings/tokens`);
  await wall.getByRole('heading', { name: 'This page is about an account' }).waitFor();

  await wall.goto(`${pulse.url}/infrastructure?kiosk=1`);
  await wall.getByRole('link', { name: 'vega' }).waitFor();
  await pulse.crash();
  await wall.getByText('Disconnected').waitFor();
  await pulse.up();
  await wall.getByText('Disconnected').waitFor({ state: 'detached' });

  const { tokens } = await pulse.call('GET', '/api/security/tokens');
  await pulse.call('DELETE', `/api/security/tokens/${tokens.find((t) => t.name === 'Kiosk: hall').id}`);
  await wall.reload();
  await wall.getByRole('heading', { name: 'Log in' }).waitFor();
  await wall.getByLabel('User name').waitFor();
  await context.close();
});
