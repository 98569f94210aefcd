import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, id;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  pulse.startAgent();
  await eventually('the agent reported', async () => (id = (await pulse.hosts())[0]?.id));
  page = await openPage(await member(browser, pulse), { expected: [/400/] });
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

test('people write about a machine; what is wrong is said, what is right lasts', async () => {
  await page.goto(`/r/${id}`);
  const card = page.getByRole('region', { name: 'Notes' });
  await card.getByText('Nobody has written anything').waitFor();
  await card.getByRole('button', { name: 'Edit' }).click();
  const form = page.getByRole('dialog');
  await form.getByLabel('Its own page').fill('nas.lan');
  await form.getByLabel('Description').fill('Backups of the house');
  await form.getByLabel('Words').fill('home, backup ,');
  await form.getByLabel('Notes').fill('bought 2024\n\nfan is loud');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.getByRole('alert').waitFor();
  await form.getByLabel('Its own page').fill('https://nas.lan:8443');
  await form.getByRole('button', { name: 'Save' }).click();
  await form.waitFor({ state: 'detached' });
  await page.reload();
  await card.getByText('fan is loud').waitFor();
  await soon(async () =>
    assert.equal(await card.getByRole('link').getAttribute('href'), 'https://nas.lan:8443'),
  );
  assert.deepEqual(await card.getByRole('listitem').allInnerTexts(), ['home', 'backup']);
  clean(page);
});
