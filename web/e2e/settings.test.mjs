import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { soon } from './parts/eventually.mjs';
import { admin, Pulse } from './parts/pulse.mjs';

let pulse, browser, context, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  pulse.startAgent();
  context = await member(browser, pulse);
  page = await openPage(context);
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

test('a token is made, shown once, works, and is revoked', async () => {
  await page.goto('/settings');
  await page.waitForURL('**/settings/tokens');
  await page.getByRole('button', { name: 'New token' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name').fill('backup script');
  for (const box of await dialog.getByRole('checkbox', { checked: true }).all()) await box.uncheck();
  assert.ok(await dialog.getByRole('button', { name: 'Make the token' }).isDisabled(), 'a token for nothing');
  await dialog.getByRole('checkbox', { name: /^monitoring:read/ }).check();
  await dialog.getByRole('button', { name: 'Make the token' }).click();
  await dialog.getByText('shown only this once').waitFor();
  const token = (await dialog.getByLabel('The token').innerText()).trim();
  assert.match(token, /^[0-9a-f]{48,}$/);
  await pulse.call('GET', '/api/state', { token });
  await dialog.getByRole('button', { name: 'Done' }).click();

  const item = page.getByRole('listitem').filter({ hasText: 'backup script' });
  await item.waitFor();
  await soon(async () => assert.match(await item.innerText(), /monitoring:read/));
  assert.ok(!(await page.content()).includes(token), 'the token is nowhere any more');
  await page.reload();
  await item.waitFor();
  assert.ok(!(await page.content()).includes(token), 'nor after a reload');

  await page.getByRole('button', { name: 'Revoke backup script' }).click();
  await dialog.getByRole('button', { name: 'Keep it' }).click();
  await page.getByRole('button', { name: 'Revoke backup script' }).click();
  await dialog.getByRole('button', { name: 'Revoke the token' }).click();
  await item.waitFor({ state: 'detached' });
  await assert.rejects(pulse.call('GET', '/api/state', { token }), /401/);
  clean(page);
});

test('a plugin tells how it is, and is restarted, switched off and on', async () => {
  await page.goto('/plugins');
  const host = page.getByRole('list', { name: 'Plugins' }).getByRole('listitem').filter({ hasText: /host/i });
  await host.filter({ hasText: /ready/ }).waitFor();
  await host.getByRole('link').click();
  const number = (label) => page.locator(`dt:text-is("${label}") + dd`);
  await number('Process').filter({ hasText: /^\d+$/ }).waitFor();
  const before = await number('Process').innerText();
  await page.getByRole('log').waitFor();

  await page.getByRole('button', { name: 'Restart' }).click();
  await number('Process').filter({ hasNotText: before }).filter({ hasText: /^\d+$/ }).waitFor();

  await page.getByRole('button', { name: 'Disable' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Disable it' }).click();
  await page.getByText('disabled', { exact: true }).waitFor();
  await page.getByRole('button', { name: 'Enable' }).click();
  await number('Process').filter({ hasText: /^\d+$/ }).waitFor();
  await page.getByText('ready', { exact: true }).waitFor();
  clean(page);
});

test('a plugin that is not there, and an archive that is not', async () => {
  await page.goto('/plugins/nope');
  await page.getByRole('heading', { name: 'There is no such plugin' }).waitFor();
  await page.goto('/plugins');
  await page.getByRole('button', { name: 'Install' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Archive').fill('../../etc/passwd');
  await dialog.getByLabel('SHA-256').fill('0'.repeat(64));
  await dialog.getByRole('button', { name: 'Install' }).click();
  await dialog.getByRole('alert').waitFor();
  page.faults.length = 0; // the two refusals are in the console too
});

test('about tells what runs', async () => {
  await page.goto('/settings/about');
  const { version } = await pulse.call('GET', '/api/version');
  await page.locator('dt', { hasText: 'Version' }).locator('+ dd', { hasText: version }).waitFor();
  await page.locator('dt', { hasText: 'Up for' }).locator('+ dd', { hasText: /\d/ }).waitFor();
  const description = await page.getByRole('link', { name: 'OpenAPI description' }).getAttribute('href');
  const answer = await context.request.get(new URL(description, pulse.url).href);
  assert.equal(answer.status(), 200);
  clean(page);
});

test('the password changes only with the right one and to a good one', async () => {
  const other = await openPage(await member(browser, pulse), { expected: [/status of 401/, /WebSocket/] });
  await other.goto('/settings/about');
  await page.goto('/settings/password');
  const fresh = 'violet lantern under seven bridges';
  const submit = page.getByRole('button', { name: 'Change the password' });
  const fill = async (current, password) => {
    await page.getByLabel('Current password').fill(current);
    await page.getByLabel('New password', { exact: true }).fill(password);
    await page.getByLabel('Password again').fill(password);
    await submit.click();
  };
  await fill(admin.password, 'short');
  await page.getByRole('alert').filter({ hasText: '12 characters' }).waitFor();
  clean(page);

  page.expected = [/status of 401/];
  await fill('not the current one', fresh);
  await page.getByText('This is not the current password.').waitFor();
  await fill(admin.password, fresh);
  await page.getByText('The password is changed.').waitFor();
  page.expected = [];
  await page.goto('/');
  await page.getByRole('link', { name: 'atlas' }).waitFor();
  clean(page);

  await other.goto('/');
  await other.waitForURL('**/login');
  clean(other);
  const login = async (password) => {
    const stranger = await visitor(browser, pulse);
    const got = await stranger.request.post('/api/login', { data: { username: admin.name, password } });
    return got.status();
  };
  assert.equal(await login(admin.password), 401);
  assert.equal(await login(fresh), 200);
});
