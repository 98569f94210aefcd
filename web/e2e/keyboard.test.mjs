import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
import { focusedOn, tabOn } from './parts/keyboard.mjs';
import { admin, Pulse } from './parts/pulse.mjs';

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

const focused = (on = page) => focusedOn(on);
const tabTo = (what, reached, on = page) => tabOn(on, what, reached);

test('keys open the filter, narrow it, and Escape clears and leaves it', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await page.keyboard.press('/');
  await soon(async () => assert.equal((await focused()).text, 'Filter'));
  await page.keyboard.type('vega');
  await eventually('one is left', async () => (await page.getByRole('rowheader').count()) === 1);
  await page.keyboard.press('Escape');
  await eventually('all are back', async () => (await page.getByRole('rowheader').count()) > 1);
  await soon(async () => assert.equal((await focused()).text, 'Filter'));
  await page.keyboard.press('Escape');
  await soon(async () => assert.equal((await focused()).tag, 'body'));
  clean(page);
});

test('the question mark shows all keys, and Escape closes it', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await page.keyboard.press('?');
  const help = page.getByRole('dialog', { name: 'Keyboard and filter' });
  await help.waitFor();
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Tab');
    const inside = await page.evaluate(() => document.activeElement.closest('dialog') !== null);
    assert.ok(inside || (await focused()).tag === 'body', 'the focus stays in the dialog');
  }
  await page.keyboard.press('Escape');
  await help.waitFor({ state: 'detached' });
  clean(page);
});

test('sequences go to the pages', async () => {
  await page.goto('/');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  for (const [keys, title] of [
    ['gi', 'Infrastructure'],
    ['gs', 'Settings'],
    ['go', 'Overview'],
  ]) {
    for (const key of keys) await page.keyboard.press(key);
    await page.getByRole('heading', { name: title, level: 1 }).waitFor();
  }
  clean(page);
});

test('Tab and j reach rows, Enter opens one', async () => {
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await tabTo('a row', (f) => f.row && f.text === 'altair');
  await page.keyboard.press('j');
  await eventually('the next row has the focus', async () => (await focused()).text === 'deneb');
  await page.keyboard.press('k');
  await eventually('the row before has the focus', async () => (await focused()).text === 'altair');
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'altair', level: 1 }).waitFor();
  clean(page);
});

test('a token is made and revoked without a mouse', async () => {
  await page.goto('/settings/tokens');
  await page.getByRole('list', { name: 'API tokens' }).waitFor();
  await tabTo('the button', (f) => f.text === 'New token');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'New token' }).waitFor();
  await eventually('the name has the focus', async () => (await focused()).tag === 'input');
  await page.keyboard.type('night script');
  await page.keyboard.press('Enter');
  await page.getByRole('dialog', { name: 'Token “night script”' }).waitFor();
  await tabTo('the way on', (f) => f.text === 'Done');
  await page.keyboard.press('Enter');
  await eventually('the focus is where it was', async () => (await focused()).text === 'New token');
  await tabTo('the token', (f) => f.text === 'Revoke night script');
  await page.keyboard.press('Enter');
  await tabTo('the last word', (f) => f.text === 'Revoke the token');
  await page.keyboard.press('Enter');
  await page.getByText('night script').first().waitFor({ state: 'detached' });
  clean(page);
});

test('a visitor logs in and out without a mouse', async () => {
  const guest = await openPage(await visitor(browser, pulse));
  await guest.goto('/login');
  await eventually('the name has the focus', async () => (await focused(guest)).tag === 'input');
  await guest.keyboard.type(admin.name);
  await guest.keyboard.press('Tab');
  await guest.keyboard.type(admin.password);
  await guest.keyboard.press('Enter');
  await guest.getByRole('heading', { name: 'Overview', level: 1 }).waitFor();
  await tabTo('the account', (f) => f.text === 'Account of admin', guest);
  await guest.keyboard.press('Enter');
  await tabTo('the way out', (f) => f.text === 'Log out', guest);
  await guest.keyboard.press('Enter');
  await guest.getByRole('heading', { name: 'Log in' }).waitFor();
  clean(guest);
});
