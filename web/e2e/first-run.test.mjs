import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { soon } from './parts/eventually.mjs';
import { admin, Pulse } from './parts/pulse.mjs';

let pulse, browser;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  pulse.startAgent();
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

test('the wizard claims a new server and shows its machine live', async () => {
  const context = await visitor(browser, pulse);
  const page = await openPage(context, { expected: [/status of 401/] });
  await page.goto('/');
  await page.waitForURL('**/setup');

  await page.getByLabel('Bootstrap token').fill('0'.repeat(48));
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByText('This is not the token of this server.').waitFor();

  await page.getByLabel('Bootstrap token').fill(pulse.bootstrapToken());
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.getByRole('heading', { name: 'Make your account' }).waitFor();

  const submit = page.getByRole('button', { name: 'Make the account and log in' });
  const password = page.getByLabel('Password', { exact: true });
  await password.fill('short');
  await page.getByLabel('Password again').fill('short');
  await submit.click();
  await page.getByRole('alert').filter({ hasText: '12 characters' }).waitFor();

  await password.fill(admin.password);
  await page.getByLabel('Password again').fill(`${admin.password}r`);
  await page.getByText('The two passwords differ.').waitFor();
  await submit.click();
  await soon(async () =>
    assert.equal(await page.getByRole('heading', { name: 'Make your account' }).count(), 1),
  );

  await page.getByLabel('Password again').fill(admin.password);
  await submit.click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.getByRole('link', { name: 'atlas' }).waitFor();

  // What is left to do leads to where it is done, and goes when it is hidden.
  const steps = page.getByRole('region', { name: 'First steps' });
  await steps.getByRole('link', { name: 'Make a channel' }).click();
  await page.getByRole('heading', { name: 'Channels' }).waitFor();
  assert.equal(await page.title(), 'Channels · Alerts · Pulse');
  await page.goBack();
  await steps.getByRole('button', { name: 'Hide the first steps' }).click();
  await steps.waitFor({ state: 'detached' });

  // No token is made that nobody asked for.
  await page.goto('/settings/tokens');
  await page.getByText('Local agent').waitFor();
  assert.equal(await page.getByText('Primary token').count(), 0);
  clean(page);
  await context.close();
});

test('once claimed there is a login and no wizard', async () => {
  const context = await visitor(browser, pulse);
  const page = await openPage(context);
  await page.goto('/setup');
  await page.waitForURL('**/login');
  await page.reload();
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assert.equal(await page.getByText('bootstrap').count(), 0);
  clean(page);
  await context.close();
});
