import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { inspect } from './parts/inspect.mjs';
import { admin, Pulse } from './parts/pulse.mjs';

let pulse, browser;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** Gives a page a device that keeps passkeys and has seen its owner, and returns what drives it. */
async function device(context, page) {
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return {
    keys: async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials,
    unknown: () => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false }),
  };
}

test('a passkey is made, named anew, logs in without a password, and opens nothing once it is deleted', async () => {
  // Passkeys are for names: this machine's name counts as safe.
  const at = { url: pulse.url.replace('127.0.0.1', 'localhost') };
  const context = await visitor(browser, at);
  const page = await openPage(context, { expected: [/status of 40[13]/] });
  const phone = await device(context, page);
  await page.goto('/login');
  await page.getByLabel('User name').fill(admin.name);
  await page.getByLabel('Password').fill(admin.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();

  await page.goto('/settings/password');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Phone');
  await page.getByLabel('Your password').fill('not my password at all');
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByText('this is not your password').waitFor();
  await page.getByLabel('Your password').fill(admin.password);
  await page.getByRole('button', { name: 'Go on' }).click();
  const list = page.getByRole('list', { name: 'Passkeys' });
  await list.getByText('Phone').waitFor();
  assert.equal((await phone.keys()).length, 1);
  await page.getByRole('button', { name: 'Edit Phone' }).click();
  await page.getByLabel('Name', { exact: true }).fill('My phone');
  await page.getByRole('button', { name: 'Save' }).click();
  await list.getByText('My phone').waitFor();

  await page.getByRole('button', { name: 'Account of admin' }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL('**/login');
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();

  await page.goto('/settings/password');
  await list.getByText('used').waitFor();
  await page.getByRole('button', { name: 'Edit My phone' }).click();
  await page.getByRole('button', { name: 'Delete' }).click();
  await list.waitFor({ state: 'detached' });
  await context.clearCookies();
  await page.goto('/login');
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await page.getByText('this passkey is not known here').waitFor();

  const { events } = await pulse.call('GET', '/api/audit');
  const told = events.map((e) => `${e.event} ${e.success}`);
  for (const word of [
    'passkey_added true',
    'passkey_renamed true',
    'passkey_login true',
    'passkey_deleted true',
  ])
    assert.ok(told.includes(word), `${word} among ${told.join(', ')}`);
  assert.ok(told.includes('passkey_login false'), 'the refusal is kept');
  clean(page);
  await context.close();
});

test('an administrator deletes the passkeys of somebody who has lost the phone', async () => {
  const bob = { name: 'bob', password: 'a password of his own' };
  const body = { username: bob.name, password: bob.password, roleIds: ['viewer'] };
  await pulse.call('POST', '/api/admin/users', { body });
  const at = { url: pulse.url.replace('127.0.0.1', 'localhost') };
  const context = await visitor(browser, at);
  const page = await openPage(context, { expected: [/status of 40[13]/] });
  await device(context, page);
  await page.goto('/login');
  await page.getByLabel('User name').fill(bob.name);
  await page.getByLabel('Password').fill(bob.password);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await page.goto('/settings/password');
  await page.getByRole('button', { name: 'Add a passkey' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Phone');
  await page.getByLabel('Your password').fill(bob.password);
  await page.getByRole('button', { name: 'Go on' }).click();
  await page.getByRole('list', { name: 'Passkeys' }).getByText('Phone').waitFor();

  const administrator = await openPage(await member(browser, pulse));
  await administrator.goto('/settings/users');
  await administrator.getByRole('button', { name: 'Edit bob' }).click();
  await administrator.getByText('Logs in by passkey too: Phone.').waitFor();
  await inspect(administrator, 'user-passkeys');
  await administrator.getByRole('button', { name: 'Delete it' }).click();
  await administrator.getByText('Logs in by passkey too').waitFor({ state: 'detached' });
  await administrator.context().close();

  await context.clearCookies();
  await page.goto('/login');
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await page.getByText('this passkey is not known here').waitFor();
  const { events } = await pulse.call('GET', '/api/audit?event=passkeys_reset');
  assert.match(events[0].details, /bob: .*Phone/);
  await context.close();
});

test('a device that has not seen its owner logs nobody in', async () => {
  const at = { url: pulse.url.replace('127.0.0.1', 'localhost') };
  const context = await visitor(browser, at);
  const page = await openPage(context);
  const phone = await device(context, page);
  await phone.unknown();
  await page.goto('/login');
  await page.getByRole('button', { name: 'Log in with a passkey' }).click();
  await page.getByText('The device gave no passkey').waitFor();
  clean(page);
  await context.close();
});

test('where browsers keep no passkeys, the page says why and the login offers none', async () => {
  const context = await member(browser, pulse);
  const page = await openPage(context);
  await page.goto('/settings/password');
  await page.getByText('open Pulse by its name instead of an IP address').waitFor();
  assert.equal(await page.getByRole('button', { name: 'Add a passkey' }).count(), 0);
  await context.clearCookies();
  await page.goto('/login');
  await page.getByRole('button', { name: 'Log in', exact: true }).waitFor();
  assert.equal(await page.getByRole('button', { name: 'Log in with a passkey' }).count(), 0);
  clean(page);
  await context.close();
});
