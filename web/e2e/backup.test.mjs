import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { Pulse } from './parts/pulse.mjs';

const passphrase = 'correct horse battery';
let pulse, browser, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse), {
    expected: [/status of 400/, /WebSocket/, /ERR_CONNECTION/],
  });
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

test('what is exported is imported again, after it was shown what would change', async () => {
  await pulse.call('POST', '/api/system/settings/update', {
    body: { publicURL: 'https://before.example.net' },
  });
  await page.goto('/settings/backup');
  const make = page.getByRole('button', { name: 'Export' });
  await page.getByLabel('Passphrase of the new file').fill('short');
  await page.getByText('At least 12 characters.').waitFor();
  assert.ok(await make.isDisabled());
  await page.getByLabel('Passphrase of the new file').fill(passphrase);
  const [download] = await Promise.all([page.waitForEvent('download'), make.click()]);
  const file = path.join(os.tmpdir(), `pulse-bundle-${process.pid}.json`);
  await writeFile(file, await readFile(await download.path()));
  assert.ok(!(await readFile(file, 'utf8')).includes('before.example.net'), 'it is sealed');

  await pulse.call('POST', '/api/system/settings/update', {
    body: { publicURL: 'https://after.example.net' },
  });
  await page.getByLabel('File', { exact: true }).setInputFiles(file);
  const look = page.getByRole('button', { name: 'Show what would change' });
  await page.getByLabel('Passphrase of the file').fill('wrong horse battery');
  await look.click();
  await page.getByText('the passphrase is wrong').waitFor();
  await page.getByLabel('Passphrase of the file').fill(passphrase);
  await look.click();
  const plan = page.getByRole('group', { name: 'What would change' });
  await plan.getByText('1 changed').waitFor();
  await plan.getByText('Changed: 1').click();
  await plan.getByText('publicURL').waitFor();
  await page.getByRole('button', { name: 'Import', exact: true }).click();
  await page.getByText('The configuration was imported.').waitFor();
  await page.waitForFunction(() =>
    fetch('/api/health').then(
      (r) => r.ok,
      () => false,
    ),
  );
  const now = await pulse.call('GET', '/api/system/settings');
  assert.equal(now.publicURL, 'https://before.example.net');
  clean(page);
});
