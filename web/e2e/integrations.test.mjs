import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { inspect } from './parts/inspect.mjs';
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

test('an integration is made in a form, tried, brings its resources, and takes them with it', async () => {
  await page.goto('/settings/integrations');
  await page.getByRole('heading', { name: 'There are no integrations' }).waitFor();
  await inspect(page, 'no integrations');
  await page.getByRole('button', { name: 'New integration' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('list', { name: 'Kinds' }).waitFor();
  await inspect(page, 'the kinds');
  await dialog.getByRole('button', { name: /Demo/ }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('lab');
  await inspect(page, 'the form');
  await dialog.getByRole('button', { name: 'Test' }).click();
  await dialog
    .getByRole('status', { name: 'Result of the test' })
    .getByText(/^It works/)
    .waitFor();
  await inspect(page, 'the outcome');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const item = page
    .getByRole('list', { name: 'Integrations' })
    .getByRole('listitem')
    .filter({ hasText: 'lab' });
  await item.waitFor();
  await eventually('it was read', async () => {
    await page.reload();
    return /read .* ago|read just now/.test(await item.innerText());
  });
  await inspect(page, 'the integrations');

  await page.getByRole('link', { name: 'Overview' }).first().click();
  const machines = page.locator('main a[href^="/r/"]');
  await machines.first().waitFor();
  await soon(async () => assert.ok((await machines.count()) > 0));
  await inspect(page, 'the overview');

  await page.goto('/settings/integrations');
  await page.getByRole('button', { name: 'Remove lab' }).click();
  await dialog.getByRole('button', { name: 'Remove it' }).click();
  await item.waitFor({ state: 'detached' });
  await page.goto('/');
  await eventually('its resources are gone', async () => (await machines.count()) === 0);
  await page.getByRole('heading', { name: 'No machine reports yet' }).waitFor();
  await inspect(page, 'the first overview');
  clean(page);
});
