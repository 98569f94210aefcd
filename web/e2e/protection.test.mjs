import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, receiver, address;
const heard = [];

before(async () => {
  receiver = createServer((req, res) => {
    let body = '';
    req.on('data', (part) => (body += part));
    req.on('end', () => {
      heard.push({ event: req.headers['x-pulse-event'], signature: req.headers['x-pulse-signature'], body });
      res.writeHead(req.url === '/full' ? 507 : 204).end();
    });
  });
  await new Promise((ready) => receiver.listen(0, '127.0.0.1', ready));
  address = `http://127.0.0.1:${receiver.address().port}`;
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse), { expected: [/status of 400/] });
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
  receiver?.close();
});

test('an address is told of events once its network is allowed, signed, and says how it is doing', async () => {
  await page.goto('/settings/audit-delivery');
  await page.getByText('Nobody is told yet.').waitFor();
  const another = page.getByLabel('Another address');
  const add = page.getByRole('button', { name: 'Add' });
  await another.fill(`${address}/in`);
  await add.click();
  await page.getByRole('alert').filter({ hasText: 'cannot be told of events' }).waitFor();
  await pulse.call('POST', '/api/system/settings/update', {
    body: { webhookAllowedPrivateCIDRs: '127.0.0.0/8' },
  });
  await add.click();
  const row = page.getByRole('list', { name: 'Addresses' }).getByRole('listitem').filter({ hasText: '/in' });
  await row.getByText('last delivered').waitFor();
  assert.ok(heard.some((h) => h.event === 'audit_webhooks_updated' && h.signature === undefined));

  await page.getByRole('button', { name: 'Make a secret' }).click();
  const secret = (await page.getByLabel('The secret of the signature').innerText()).trim();
  heard.length = 0;
  await row.getByRole('button', { name: /^Test/ }).click();
  await row.getByText('The receiver took the test event.').waitFor();
  const got = heard.find((h) => h.event === 'webhook_test');
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]+)$/.exec(got.signature);
  assert.equal(v1, createHmac('sha256', secret).update(`${t}.${got.body}`).digest('hex'));
  clean(page);
});

test('an address that takes nothing says why, and is removed', async () => {
  await page.getByLabel('Another address').fill(`${address}/full`);
  await page.getByRole('button', { name: 'Add' }).click();
  const row = page
    .getByRole('list', { name: 'Addresses' })
    .getByRole('listitem')
    .filter({ hasText: '/full' });
  await row.getByText(/Last attempt: .*507/).waitFor();
  await row.getByText(/events? waits?/).waitFor();
  await row.getByRole('button', { name: /^Test/ }).click();
  await row.getByText('the receiver answered with status 507', { exact: true }).waitFor();
  await row.getByRole('button', { name: /^Remove/ }).click();
  await row.waitFor({ state: 'detached' });
  clean(page);
});

test('for how long events are kept is changed, within bounds', async () => {
  await page.goto('/settings/audit-delivery');
  const days = page.getByLabel('Days');
  await soon(async () => assert.equal(await days.inputValue(), '90'));
  await days.fill('0');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'from 1 to 3650' }).waitFor();
  await days.fill('365');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  assert.equal((await pulse.call('GET', '/api/security/posture')).auditDays, 365);
  clean(page);
});

test('other sites are named one by one, and a frame is refused to the rest', async () => {
  await page.goto('/settings/system');
  await page.getByLabel('Other sites may show Pulse in a frame').check();
  await page.getByLabel('Sites that may show it').fill('https://home.example.com/path');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('alert').filter({ hasText: 'An origin is scheme, host and port only' }).waitFor();
  await page.getByLabel('Sites that may show it').fill('https://home.example.com');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  const policy = (await fetch(pulse.url)).headers.get('content-security-policy');
  assert.match(policy, /frame-ancestors 'self' https:\/\/home\.example\.com$/);
  clean(page);
});

test('what is to improve leads to where it is improved', async () => {
  await page.goto('/settings/security');
  const findings = page.getByRole('list', { name: 'Findings' });
  await findings.getByText('The audit log is kept elsewhere too').waitFor();
  for (const link of await findings.getByRole('link').all()) {
    const to = new URL(await link.getAttribute('href'), pulse.url);
    assert.match(to.pathname, /^\/settings\//);
  }
  await findings.getByRole('link', { name: /not encrypted/ }).click();
  await page.waitForURL(/#certificate$/);
  await page.getByRole('heading', { name: 'Certificate' }).waitFor();
  clean(page);
});

test('who is locked out gets back in by the commands that the page shows', async () => {
  const commands = [];
  for (const name of [
    'The command that makes a recovery token',
    'The command that sets a new password with it',
  ]) {
    commands.push(await page.getByLabel(name).innerText());
  }
  assert.ok(commands[0].includes(`${pulse.url}/api/security/recovery`), commands[0]);
  assert.ok(commands[1].includes('.recovery_token'), commands[1]);
  const [first, typed] = commands[1].split('\n');
  execFileSync('sh', ['-c', commands[0]], { stdio: 'pipe' });
  const password = 'a new one that nobody has forgotten';
  const answer = execFileSync('sh', ['-c', first], { input: typed.replace('…', password), stdio: 'pipe' });
  assert.match(String(answer), /"success":true/);
  const got = await fetch(`${pulse.url}/api/login`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'admin', password }),
  });
  assert.equal(got.status, 200, await got.text());
  await eventually('the way back is in the log', () => {
    return heard.some((h) => h.event === 'quick_setup');
  });
});
