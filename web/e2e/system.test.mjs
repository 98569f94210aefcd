import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { soon } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse), { expected: [/status of 400/] });
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

const save = () => page.getByRole('button', { name: 'Save' });

test('settings of the server are saved, and stay over a reload', async () => {
  await page.goto('/settings/system');
  const address = page.getByLabel('Public address');
  await address.waitFor();
  assert.ok(await save().isDisabled(), 'there is nothing to save');
  await address.fill('https://pulse.example.net');
  await page.getByLabel('Private networks').fill('192.168.1.0/24');
  await page.getByRole('checkbox', { name: 'Tell temperatures' }).uncheck();
  await save().click();
  await page.getByText('Saved.').waitFor();
  assert.ok(await save().isDisabled());
  const stored = await pulse.call('GET', '/api/system/settings');
  assert.equal(stored.publicURL, 'https://pulse.example.net');
  assert.equal(stored.webhookAllowedPrivateCIDRs, '192.168.1.0/24');
  assert.equal(stored.temperatureMonitoringEnabled, false);
  await page.reload();
  await address.waitFor();
  await soon(async () => assert.equal(await address.inputValue(), 'https://pulse.example.net'));
  clean(page);
});

test('what is refused says so beside its field, and can be discarded', async () => {
  await page.goto('/settings/system');
  const networks = page.getByLabel('Private networks');
  await networks.fill('everything');
  await save().click();
  await page.getByRole('alert').filter({ hasText: 'is not a network' }).waitFor();
  await soon(async () => assert.equal(await networks.getAttribute('aria-invalid'), 'true'));
  await page.getByRole('button', { name: 'Discard' }).click();
  await soon(async () => assert.equal(await networks.inputValue(), '192.168.1.0/24'));
  clean(page);
});

test('what the configuration decides is read-only and says where', async () => {
  await page.goto('/settings/system');
  await page.getByText('server.listen').waitFor();
  await page.getByText(new URL(pulse.url).port, { exact: true }).waitFor();
  clean(page);
});
