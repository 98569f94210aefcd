import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inspect } from './parts/inspect.mjs';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { client, startProvider } from './parts/identity.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, provider;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  provider = await startProvider({ back: [`${pulse.url}/api/oidc/callback`], out: [`${pulse.url}/login`] });
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
  await provider?.stop();
});

/** A profile in which the provider's pages load nothing from elsewhere. */
async function guest() {
  const context = await visitor(browser, pulse);
  await context.route(/fonts\.googleapis\.com|favicon\.ico/, (route) =>
    route.fulfill({ contentType: 'text/css', body: '' }),
  );
  return context;
}

/** Logs in on the provider's pages, which ask for a name and then for consent. */
async function logInThere(page, name) {
  await page.getByPlaceholder('Enter any login').fill(name);
  await page.getByPlaceholder('and password').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
}

test('an administrator sets the provider up on the page, and tests it first', async () => {
  const context = await member(browser, pulse);
  const page = await openPage(context);
  await page.goto('/settings/single-sign-on');
  await page.getByLabel('Issuer URL').fill(provider.issuer);
  await page.getByLabel('Client ID').fill(client.id);
  await page.getByLabel('Client secret').fill(client.secret);
  await page.getByLabel('Scopes').fill('openid, profile, email, groups');
  await page.getByLabel('Claim with the groups').fill('groups');
  await page.getByLabel('Allowed groups').fill('staff');
  await page.getByLabel('Roles of groups').fill('staff = viewer');
  await page.getByRole('button', { name: 'Test the provider' }).click();
  await page.getByText('this machine', { exact: false }).first().waitFor();
  await page.getByLabel('The provider may run on this machine itself').check();
  await page.getByRole('button', { name: 'Test the provider' }).click();
  await page.getByRole('list', { name: 'What was tested' }).getByText(`${provider.issuer}/auth`).waitFor();
  await page.getByLabel('People may log in by the provider').check();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const stored = await pulse.call('GET', '/api/security/oidc');
  assert.equal(stored.clientSecretSet, true);
  assert.equal(JSON.stringify(stored).includes(client.secret), false, 'the secret is not shown');
  clean(page);
  await context.close();
});

test('somebody of the group logs in, sees what the role allows, and logs out here and there', async () => {
  provider.account('ann', { groups: ['staff'] });
  const context = await guest();
  const page = await openPage(context);
  await page.goto('/infrastructure?q=status:fine');
  await page.getByRole('link', { name: 'Single sign-on' }).click();
  await logInThere(page, 'ann');
  await page.getByRole('heading', { name: 'Infrastructure', level: 1 }).waitFor();
  assert.equal(
    new URL(page.url()).searchParams.get('q'),
    'status:fine',
    'it leads to where she wanted to be',
  );
  const [session] = (await context.cookies(pulse.url)).filter((c) => c.name === 'pulse_session');
  assert.equal(session.httpOnly, true);
  const answer = await context.request.get(`${pulse.url}/api/security/status`);
  assert.equal(answer.headers()['x-auth-method'], 'oidc');
  const status = await answer.json();
  assert.equal(status.oidcUsername, 'ann');
  assert.equal(status.can.includes('admin:users'), false, 'a viewer administers nobody');
  await page.goto('/settings/password');
  await page.getByText('log in by single sign-on').waitFor();
  assert.equal(await page.getByLabel('Current password').count(), 0, 'she has no password here');
  await inspect(page, 'account-elsewhere');

  await page.getByRole('button', { name: 'Account of ann' }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL(`${provider.issuer}/**`);
  await page.getByRole('button', { name: /Yes/ }).click();
  await page.waitForURL(`${pulse.url}/login`);
  await page.getByRole('link', { name: 'Single sign-on' }).click();
  await page.getByPlaceholder('Enter any login').waitFor();
  const { events } = await pulse.call('GET', '/api/audit?event=oidc_login');
  assert.deepEqual([events[0].user, events[0].success], ['ann', true]);
  clean(page);
  await context.close();
});

test('somebody else is refused with a plain sentence, and so is who takes the name of another', async () => {
  provider.account('eve', { groups: ['guests'] });
  provider.account('mallory', { preferred_username: 'admin', groups: ['staff'] });
  for (const [name, sentence] of [
    ['eve', 'You are in none of the groups that may log in here.'],
    ['mallory', 'A user of your name is here already and is not you'],
  ]) {
    const context = await guest();
    const page = await openPage(context);
    await page.goto('/login');
    await page.getByRole('link', { name: 'Single sign-on' }).click();
    await logInThere(page, name);
    await page.waitForURL(`${pulse.url}/login**`);
    await page.getByRole('alert').filter({ hasText: sentence }).waitFor();
    assert.equal(
      (await context.cookies(pulse.url)).some((c) => c.name === 'pulse_session'),
      false,
    );
    clean(page);
    await context.close();
  }
  const { events } = await pulse.call('GET', '/api/audit?event=oidc_login&success=false');
  assert.equal(events.length, 2, 'both are in the audit log');
});
