import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { focusedOn, tabOn } from './parts/keyboard.mjs';
import { launch } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, simulator, node;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse));
  simulator = launch('plugins/pulse-plugin-pve', 'simulate', '--nodes', '1', '--guests', '12', '--still');
  await eventually('the simulator serves', async () => {
    node = JSON.parse(simulator.output.split('\n')[0]).config;
    return true;
  });
});
after(async () => {
  await simulator?.kill();
  await browser?.close();
  await pulse?.stop();
});

const focused = () => focusedOn(page);
const onto = (what) => soon(async () => assert.match((await focused()).text, what));
const tabTo = (text) => tabOn(page, String(text), (f) => text.test(f.text));

/** Puts a text in place of that of the field with the focus. */
async function enter(text) {
  await page.keyboard.press('Control+a');
  await page.keyboard.type(text);
}

test('a node is added without a mouse, and the focus is at each step where one goes on', async () => {
  await page.goto('/settings/integrations');
  await page.getByRole('heading', { name: 'There are no integrations' }).waitFor();
  await tabTo(/^New integration$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').getByRole('list', { name: 'Kinds' }).waitFor();
  await tabTo(/^Proxmox VE/);
  await page.keyboard.press('Enter');
  await onto(/^Address/);
  await enter('127.0.0.1:1');
  await page.keyboard.press('Enter');
  await page.getByText(/connection refused/).waitFor();
  await onto(/^Address/);
  await enter(node.host);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Trust this certificate' }).waitFor();
  await tabTo(/^Trust this certificate$/);
  await page.keyboard.press('Enter');
  await onto(/^Name/);

  await tabTo(/^Token$/);
  await enter(node.token_name);
  await page.keyboard.press('Escape');
  await onto(/^Go on with it$/);
  await page.keyboard.press('Escape');
  await tabTo(/^Token secret/);
  await enter('wrong');
  await tabTo(/^Test$/);
  await page.keyboard.press('Enter');
  await page
    .getByText(/refuses the credentials/)
    .first()
    .waitFor();
  await onto(/^Test$/);
  await page.getByRole('textbox', { name: 'Token secret' }).focus();
  await enter(node.token_value);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await onto(/^New integration$/);
  await page.getByRole('button', { name: 'Disable pve1' }).waitFor();
  clean(page);
});

test('how a guest is counted is changed without a mouse', async () => {
  await tabTo(/^Change pve1$/);
  await page.keyboard.press('Enter');
  await onto(/^Shown as/);
  await tabOn(page, 'more settings', (f) => f.text === 'More settings');
  await page.keyboard.press('Enter');
  await tabTo(/^Memory of virtual machines$/);
  await page.keyboard.press('ArrowDown');
  await tabTo(/^Save$/);
  await page.keyboard.press('Enter');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  await onto(/^Change pve1$/);
  clean(page);
});

test('a guest is found, columns and order are chosen, and it is opened and left, without a mouse', async () => {
  await page.goto('/workloads');
  await page.getByRole('link', { name: 'vm103' }).waitFor();
  await page.keyboard.press('/');
  await onto(/^Filter$/);
  await enter('vm10');
  await eventually('some are left', async () => (await page.getByRole('rowheader').count()) < 12);
  await tabTo(/^Columns$/);
  await page.keyboard.press('Enter');
  await tabTo(/^Tags$/);
  await page.keyboard.press('Space');
  await page.waitForURL(/cols=.*tags/);
  await page.keyboard.press('Escape');
  await onto(/^Columns$/);
  await tabTo(/^CPU$/);
  await page.keyboard.press('Enter');
  await page.waitForURL(/sort=-cpu/);
  await onto(/^CPU$/);
  await tabOn(page, 'a row', (f) => f.row);
  const { text } = await focused();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: text, level: 1 }).waitFor();
  await page.goBack();
  await page.waitForURL(/workloads\?.*sort=-cpu/);
  assert.match(page.url(), /q=vm10/);
  assert.match(page.url(), /cols=.*tags/);
  clean(page);
});

test('the days of backups are walked through without a mouse', async () => {
  await page.goto('/backups');
  await page.getByRole('slider').first().waitFor();
  await tabTo(/ of 30 days/);
  const { text } = await focused();
  const day = () => page.evaluate(() => document.activeElement.getAttribute('aria-valuenow'));
  assert.equal(await day(), '30');
  await page.keyboard.press('ArrowLeft');
  await soon(async () => assert.equal(await day(), '29'));
  await page.keyboard.press('ArrowDown');
  await soon(async () => assert.notEqual((await focused()).text, text));
  assert.equal(await day(), '29');
  clean(page);
});
