import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, sick;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  const config = { machines: 2, guests: 600 };
  await pulse.call('POST', '/api/integrations', { body: { kind: 'demo', name: 'lab', config } });
  await eventually('a backup failed', async () => {
    const { conditions } = await pulse.call('GET', '/api/v2/conditions');
    sick = conditions.find((c) => c.kind === 'demo_backup_failed');
    return sick !== undefined;
  });
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

test('the page of a guest says what is wrong, lists its backups and what happened', async () => {
  await page.goto(`/r/${sick.stateId}`);
  await page.getByRole('heading', { name: sick.stateId, level: 1 }).waitFor();
  const wrong = page.getByRole('region', { name: 'What is wrong' });
  await wrong.getByText(`The last backup of ${sick.stateId} failed.`).waitFor();
  const backups = page.getByRole('region', { name: /^Backups 3/ });
  await eventually('a head and three backups', async () => (await backups.getByRole('row').count()) === 4);
  const events = page.getByRole('region', { name: 'Events' });
  await events.getByText(`${sick.stateId} was backed up`).first().waitFor();
  clean(page);
});

test('a machine with many backups shows some, and more on request', async () => {
  await page.goto('/r/machine-001');
  const backups = page.getByRole('region', { name: /^Backups/ });
  await backups.getByRole('button', { name: /^Show more of/ }).waitFor();
  await eventually('a head and ten rows', async () => (await backups.getByRole('row').count()) === 11);
  await backups.getByRole('button', { name: /^Show more of/ }).click();
  await eventually('more rows', async () => (await backups.getByRole('row').count()) === 51);
  clean(page);
});

test('the overview says what is wrong, and does not call it well', async () => {
  await page.goto('/');
  const firing = page.getByRole('region', { name: /^Firing alerts/ });
  await firing
    .getByText(/^The last backup of .* failed\.$/)
    .first()
    .waitFor();
  assert.equal(await page.getByText('Everything is well.').count(), 0);
  // What fires is not said a second time.
  assert.equal(await page.getByRole('region', { name: /^What is wrong/ }).count(), 0);
  const { conditions } = await pulse.call('GET', '/api/v2/conditions');
  // How many there are is another number each day.
  if (conditions.length <= 8) return;
  await firing.getByRole('link', { name: /^Show all/ }).click();
  const all = page.getByRole('list', { name: 'Active alerts' }).getByRole('listitem');
  await eventually('all are shown', async () => (await all.count()) >= conditions.length - 1);
  clean(page);
});
