import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { soon } from './parts/eventually.mjs';
import { admin, Pulse } from './parts/pulse.mjs';

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

async function logIn(page, password = admin.password) {
  await page.getByLabel('User name').fill(admin.name);
  await page.getByLabel('Password').fill(password);
  await page.getByRole('button', { name: 'Log in' }).click();
}

test('a wrong password is refused, the right one leads in, and logging out ends it', async () => {
  const context = await visitor(browser, pulse);
  const page = await openPage(context, { expected: [/status of 401/] });
  await page.goto('/');
  await page.waitForURL('**/login');
  await logIn(page, 'wrong horse battery staple');
  await page.getByRole('alert').filter({ hasText: 'User name or password is wrong.' }).waitFor();

  await logIn(page);
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  page.expected = [];
  await page.reload();
  await page.getByRole('link', { name: 'atlas' }).waitFor();

  await page.getByRole('button', { name: 'Account of admin' }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.waitForURL('**/login');
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assert.equal(await page.getByText('atlas').count(), 0, 'nothing of what was seen is left');
  await page.goto('/infrastructure');
  await page.waitForURL(/login\?next=/);
  clean(page);
  await context.close();
});

test('what is being asked while somebody logs out is given up, not refused', async () => {
  const context = await member(browser, pulse);
  const page = await openPage(context);
  const slow = /\/api\/alerts\/config$/;
  let release;
  const held = new Promise((go) => (release = go));
  await page.route(slow, (route) => held.then(() => route.continue()).catch(() => undefined));
  const end = new Promise((tell) => {
    page.on('requestfailed', (request) => slow.test(request.url()) && tell('given up'));
    page.on('response', (response) => slow.test(response.url()) && tell(response.status()));
  });
  const asked = page.waitForRequest(slow);
  await page.goto('/');
  await asked;
  const out = page.waitForResponse(/\/api\/logout$/);
  await page.getByRole('button', { name: 'Account of admin' }).click();
  await page.getByRole('button', { name: 'Log out' }).click();
  await out;
  release();
  assert.equal(await end, 'given up');
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  assert.equal(new URL(page.url()).search, '', 'who comes next begins at the overview');
  clean(page);
  await context.close();
});

test('a deep link leads to its page after the login', async () => {
  const context = await visitor(browser, pulse);
  const page = await openPage(context);
  await page.goto('/infrastructure?q=status:fine&sort=-cpu');
  await page.waitForURL(/login\?next=/);
  await logIn(page);
  await page.getByRole('heading', { name: 'Infrastructure', level: 1 }).waitFor();
  const here = new URL(page.url());
  assert.equal(here.pathname, '/infrastructure');
  assert.equal(here.searchParams.get('q'), 'status:fine');
  assert.equal(here.searchParams.get('sort'), '-cpu');
  await soon(async () =>
    assert.equal(await page.getByLabel('Filter', { exact: true }).inputValue(), 'status:fine'),
  );
  clean(page);
  await context.close();
});

for (const next of [
  'https://example.com/',
  '//example.com/',
  '/\\example.com/',
  'javascript:alert(1)',
  '/\t/example.com/',
  '/a/..//example.com/',
]) {
  test(`a link that would lead to ${JSON.stringify(next)} after the login stays here`, async () => {
    const context = await visitor(browser, pulse);
    const page = await openPage(context);
    const foreign = [];
    await context.route(
      (url) => url.host !== pulse.address,
      (route) => {
        foreign.push(route.request().url());
        return route.abort();
      },
    );
    await page.goto(`/login?next=${encodeURIComponent(next)}`);
    await logIn(page);
    await page.getByRole('navigation', { name: 'Main' }).waitFor();
    const here = new URL(page.url());
    assert.equal(here.host, pulse.address);
    assert.deepEqual(foreign, []);
    clean(page);
    await context.close();
  });
}

test('a session that ends elsewhere leads to the login and back', async () => {
  const context = await member(browser, pulse);
  const page = await openPage(context, { expected: [/status of 401/, /WebSocket/] });
  await page.goto('/settings/about');
  await page.getByRole('heading', { name: 'About' }).waitFor();
  await context.clearCookies();
  await page.getByRole('link', { name: 'Plugins' }).click();
  await page.waitForURL(/login\?next=/);
  await logIn(page);
  await page.waitForURL('**/plugins');
  await page.getByRole('heading', { name: 'Plugins', level: 1 }).waitFor();
  clean(page);
  await context.close();
});
