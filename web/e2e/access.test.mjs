import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { admin, Pulse } from './parts/pulse.mjs';

let pulse, browser, page;
const jane = { name: 'jane', password: 'seven quiet lanterns by the river' };

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** The code of RFC 6238 for a secret in base32, some periods from now. */
function code(secret, later = 0) {
  const bits = [...secret]
    .map((c) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((b) => Number.parseInt(b, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + later));
  const mac = createHmac('sha1', key).update(counter).digest();
  const offset = mac.at(-1) & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

async function logIn(where, who) {
  await where.goto('/login');
  await where.getByLabel('User name').fill(who.name);
  await where.getByLabel('Password').fill(who.password);
  await where.getByRole('button', { name: 'Log in' }).click();
}

test('a viewer is made, sees and changes no more than a viewer may, and is disabled', async () => {
  await page.goto('/settings/users');
  await page.getByRole('button', { name: 'New user' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('User name').fill(jane.name);
  await dialog.getByLabel('Password', { exact: true }).fill(jane.password);
  await dialog.getByLabel('Password again').fill(jane.password);
  assert.ok(await dialog.getByRole('checkbox', { name: /^Viewer/ }).isChecked(), 'least rights first');
  await dialog.getByRole('button', { name: 'Make the user' }).click();
  const item = page.getByRole('list', { name: 'Users' }).getByRole('listitem').filter({ hasText: 'jane' });
  await item.filter({ hasText: 'Viewer' }).waitFor();

  const hers = await openPage(await visitor(browser, pulse), { expected: [/status of 40[13]/, /WebSocket/] });
  await logIn(hers, jane);
  await hers.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await hers.goto('/settings');
  const menu = hers.getByRole('navigation', { name: 'Settings' });
  await menu.getByRole('link', { name: 'Account' }).waitFor();
  for (const name of ['Users', 'Roles', 'Integrations', 'Security']) {
    assert.equal(await menu.getByRole('link', { name }).count(), 0, `${name} is shown to a viewer`);
  }
  const refused = await hers.context().request.get(new URL('/api/admin/users', pulse.url).href);
  assert.equal(refused.status(), 403);

  await item.getByRole('button', { name: 'Edit jane' }).click();
  await dialog.getByLabel('Disabled').check();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await item.filter({ hasText: 'disabled' }).waitFor();
  await hers.goto('/settings/tokens');
  await hers.waitForURL(/login/);
  clean(page);
  await hers.context().close();
});

test('an operator sees no page of what only administrators change', async () => {
  const olga = { name: 'olga', password: 'eleven patient herons at dusk' };
  await pulse.call('POST', '/api/admin/users', {
    body: { username: olga.name, password: olga.password, roleIds: ['operator'] },
  });
  const hers = await openPage(await visitor(browser, pulse));
  await logIn(hers, olga);
  await hers.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await hers.goto('/settings/password');
  const menu = hers.getByRole('navigation', { name: 'Settings' });
  await menu.getByRole('link', { name: 'Account' }).waitFor();
  const shown = await menu.getByRole('link').allInnerTexts();
  for (const name of [
    'Users',
    'Roles',
    'Security',
    'Audit delivery',
    'System',
    'Licence',
    'Backup & import',
  ]) {
    assert.ok(!shown.includes(name), `${name} is shown to an operator`);
  }
  for (const where of ['/api/admin/users', '/api/security/posture', '/api/admin/webhooks/audit']) {
    const refused = await hers.context().request.get(new URL(where, pulse.url).href);
    assert.equal(refused.status(), 403, where);
  }
  clean(hers);
  await hers.context().close();
});

test('five wrong passwords lock out, and an administrator lets in again', async () => {
  const lena = { name: 'lena', password: 'nine slow barges under the bridge' };
  await pulse.call('POST', '/api/admin/users', {
    body: { username: lena.name, password: lena.password, roleIds: ['viewer'] },
  });
  const hers = await openPage(await visitor(browser, pulse), { expected: [/status of 40[13]/] });
  for (let tries = 0; tries < 5; tries++) {
    await logIn(hers, { name: lena.name, password: `wrong number ${tries} of five` });
    await hers.getByRole('alert').waitFor();
  }
  await logIn(hers, lena);
  await hers.getByRole('alert').filter({ hasText: 'Too many failed attempts' }).waitFor();
  await page.goto('/settings/sessions');
  await page
    .getByRole('list', { name: 'Locked out' })
    .getByRole('listitem')
    .filter({ hasText: 'lena' })
    .getByRole('button')
    .click();
  await page.getByText('Nobody is.').waitFor();
  await logIn(hers, lena);
  await hers.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  clean(page);
  await hers.context().close();
});

test('a role of one’s own is made, given and deleted', async () => {
  await page.goto('/settings/roles');
  await page.getByRole('button', { name: 'New role' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Id').fill('night-shift');
  await dialog.getByLabel('Name', { exact: true }).fill('Night shift');
  await dialog.getByLabel('With all permissions of').selectOption('viewer');
  await dialog.getByLabel('Action').first().selectOption('write');
  await dialog.getByLabel('Resource').first().selectOption('alerts');
  await dialog.getByRole('button', { name: 'Save' }).click();
  const item = page
    .getByRole('list', { name: 'Roles' })
    .getByRole('listitem')
    .filter({ hasText: 'Night shift' });
  await item.filter({ hasText: 'write:alerts' }).filter({ hasText: 'all of viewer' }).waitFor();
  await item.getByRole('button', { name: 'Edit Night shift' }).click();
  await dialog.getByRole('button', { name: 'Delete the role' }).click();
  await item.waitFor({ state: 'detached' });
  clean(page);
});

test('one-time codes are set up, asked for at the login, and turned off', async () => {
  await page.goto('/settings/password');
  await page.getByRole('button', { name: 'Set up …' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('img', { name: 'QR code of the secret' }).waitFor();
  const secret = (await dialog.getByLabel('The secret, to type it in').innerText()).trim();
  await dialog.getByLabel('Code', { exact: true }).fill(code(secret));
  await dialog.getByRole('button', { name: 'Turn on' }).click();
  await dialog.getByText('each of these lets you in once').waitFor();
  const recovery = (await dialog.getByLabel('Recovery codes').innerText()).trim().split('\n');
  assert.equal(recovery.length, 10);
  await dialog.getByRole('button', { name: 'I have kept them' }).click();
  await page.getByText('10 recovery codes are left').waitFor();

  const other = await openPage(await visitor(browser, pulse), { expected: [/status of 401/] });
  await logIn(other, admin);
  await other.getByLabel('One-time code').fill(code(secret, 1));
  await other.getByRole('button', { name: 'Log in' }).click();
  await other.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();

  await page.goto('/settings/sessions');
  await page.getByRole('button', { name: 'End all my others' }).click();
  await page.getByRole('button', { name: 'End all my others' }).waitFor({ state: 'detached' });
  await other.goto('/settings/tokens');
  await other.waitForURL(/login/);
  await other.context().close();

  await page.goto('/settings/password');
  await page.getByRole('button', { name: 'Turn off …' }).click();
  await dialog.getByLabel('Code', { exact: true }).fill(recovery[0]);
  await dialog.getByRole('button', { name: 'Turn off' }).click();
  await page.getByRole('button', { name: 'Set up …' }).waitFor();
  clean(page);
});

test('the audit log tells it all, is filtered, verified and had as a file', async () => {
  await page.goto('/settings/audit');
  const events = page.getByRole('list', { name: 'Events' });
  await events.getByText('second_step_disabled').waitFor();
  await page.getByLabel('User', { exact: true }).fill('admin');
  await page.getByLabel('Event', { exact: true }).fill('user_created');
  await events.getByRole('listitem').filter({ hasText: 'user_created' }).filter({ hasText: 'jane' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByText('POST /api/admin/users').waitFor();
  assert.ok(!(await dialog.innerText()).includes(jane.password));
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByText(/All \d+ events are as they were written/).waitFor();
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'CSV' }).click(),
  ]);
  assert.match(file.suggestedFilename(), /^pulse-audit-.*\.csv$/);
  clean(page);
});

test('the security page says what to improve', async () => {
  await page.goto('/settings/security');
  const findings = page.getByRole('list', { name: 'Findings' });
  await findings.getByText('This connection is not encrypted').waitFor();
  await findings.getByText('Only one user can administer the server').waitFor();
  clean(page);
});
