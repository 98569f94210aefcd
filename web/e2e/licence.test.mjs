import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { soon } from './parts/eventually.mjs';
import { once } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, dir, issuer;

before(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'pulse-licence-'));
  issuer = path.join(dir, 'issuer.pem');
  const block = /license \{[^}]*\}/.exec(once('pulse', 'license', 'new-key', issuer))[0];
  const config = path.join(dir, 'config.hcl');
  await writeFile(config, block);
  [pulse, browser] = await Promise.all([Pulse.start('--config', config), startBrowser()]);
  await pulse.claim();
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
  await rm(dir, { recursive: true, force: true });
});

test('where licences are asked for, a key opens the features and its loss closes them', async () => {
  const page = await openPage(await member(browser, pulse), { expected: [/status of 400/] });
  await page.goto('/settings/licence');
  const features = page.getByRole('list', { name: 'Features' });
  await features.getByText('closed').first().waitFor();
  await soon(async () => assert.equal(await features.getByText('closed').count(), 4));
  await page.getByLabel('Licence key').fill('not.a.key');
  await page.getByRole('button', { name: 'Activate' }).click();
  await page.getByRole('alert').filter({ hasText: 'The key was not taken.' }).waitFor();

  const key = once('pulse', 'license', 'issue', '--key', issuer, '--email', 'ann@example.com').trim();
  await page.getByLabel('Licence key').fill(key);
  await page.getByRole('button', { name: 'Activate' }).click();
  await page.getByText('The licence is active.').waitFor();
  await page.getByText('ann@example.com').waitFor();
  await soon(async () => assert.equal(await features.getByText('open', { exact: true }).count(), 4));
  assert.ok(!(await page.content()).includes(key.slice(0, 40)), 'the key is shown');

  await page.getByRole('button', { name: 'Forget the key' }).click();
  await page.getByText('The key is forgotten.').waitFor();
  await features.getByText('closed').first().waitFor();
  clean(page);
});
