import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { inspect } from './parts/inspect.mjs';
import { freePort, launch } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

// A cluster that a file connects and whose Ceph is not well, and a node whose certificate changes.
let dir, pulse, browser, page, cluster, node, port;

/** The configuration of an integration as a file says it. */
function written({ name, config }) {
  return `integration "pve" "${name}" {
  host        = "${config.host}"
  token_name  = "${config.token_name}"
  token_value = "${config.token_value}"
  fingerprint = "${config.fingerprint}"
  network {
    allow_loopback = true
  }
}
`;
}

async function simulate(...args) {
  const program = launch('plugins/pulse-plugin-pve', 'simulate', ...args);
  const body = await eventually('the simulator serves', () => JSON.parse(program.output.split('\n')[0]));
  return { program, body };
}

before(async () => {
  browser = await startBrowser();
  cluster = await simulate('--nodes', '3', '--guests', '12', '--still');
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const told = await context.request.post(`${cluster.body.config.host}/simulator`, {
    data: {
      'Ceph.Health': 'HEALTH_WARN',
      'Ceph.Up': 8,
      'Ceph.Checks': { OSD_DOWN: '1 osds down', POOL_NEARFULL: "1 pool(s) nearfull: 'vms'" },
    },
  });
  assert.equal(told.status(), 200, await told.text());
  await context.close();
  dir = await mkdtemp(path.join(tmpdir(), 'pulse-config-'));
  const file = path.join(dir, 'config.hcl');
  await writeFile(file, written(cluster.body));
  pulse = await Pulse.start('--config', file);
  await pulse.claim();
  port = await freePort();
  node = await simulate('--name', 'attic', '--nodes', '1', '--guests', '2', '--listen', `127.0.0.1:${port}`);
  await pulse.call('POST', '/api/integrations', { body: node.body });
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await Promise.all([cluster?.program.kill(), node?.program.kill()]);
  await browser?.close();
  await pulse?.stop();
  if (dir) await rm(dir, { recursive: true, force: true });
});

test('the page of Ceph says why it is not well', async () => {
  await page.goto('/ceph');
  const wrong = page.getByRole('region', { name: /^What is wrong/ });
  await wrong.getByText('1 osds down').waitFor();
  await wrong.getByText("1 pool(s) nearfull: 'vms'").waitFor();
  await page.getByRole('table', { name: 'Ceph', exact: true }).getByText('degraded').waitFor();
  await inspect(page, 'ceph-warns');
  await wrong.getByRole('link', { name: 'Ceph' }).first().click();
  await page.getByRole('heading', { name: 'Ceph', level: 1 }).waitFor();
  const facts = page.getByRole('definition');
  await facts.getByText('HEALTH_WARN').waitFor();
  await page.getByText('1 osds down').first().waitFor();
  await inspect(page, 'ceph-cluster');
});

test('the page of a guest says who measured its memory', async () => {
  for (const list of ['vms', 'containers']) {
    const guest = await eventually('a guest runs', async () => {
      const state = await pulse.call('GET', '/api/state');
      return state[list].find((g) => g.status === 'running');
    });
    await page.goto(`/r/${encodeURIComponent(guest.id)}`);
    await page.getByRole('heading', { name: guest.name, level: 1 }).waitFor();
    const said = page.locator('dt', { hasText: 'Memory as seen by' }).locator('+ dd');
    await said.waitFor();
    await soon(async () => assert.match(await said.innerText(), /^(guest|guest without cache|host)$/));
  }
});

test('a node that a file connects is shown with the file and the line, and not changed', async () => {
  await page.goto('/settings/integrations');
  const item = page.getByRole('listitem').filter({ hasText: 'lab' });
  await item.getByText(/config\.hcl:1$/).waitFor();
  assert.equal(await item.getByRole('button', { name: /^(Change|Remove|Disable)/ }).count(), 0);
  await item.getByRole('button', { name: 'Show lab' }).click();
  const dialog = page.getByRole('dialog');
  const note = dialog.getByRole('note');
  await note.getByText(/config\.hcl:1$/).waitFor();
  for (const label of ['Name', 'Host', 'Token', 'Token secret']) {
    assert.ok(await dialog.getByLabel(label, { exact: true }).isDisabled(), `${label} is open`);
  }
  assert.equal(await dialog.getByRole('button', { name: /^(Save|Test)$/ }).count(), 0);
  await inspect(page, 'owned-node');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  await dialog.waitFor({ state: 'detached' });
});

test('a certificate that is another one is told, and trusted where somebody has compared it', async () => {
  await page.goto('/settings/integrations');
  const item = page.getByRole('listitem').filter({ hasText: 'attic' });
  await item.getByText(/^read /).waitFor();
  await node.program.kill();
  node = await simulate('--name', 'attic', '--nodes', '1', '--guests', '2', '--listen', `127.0.0.1:${port}`);
  await item.getByText('failing').waitFor();
  await item
    .getByText(/certificate/)
    .first()
    .waitFor();
  await inspect(page, 'another-certificate');
  await page.getByRole('button', { name: 'Change attic' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Test', exact: true }).click();
  const result = dialog.getByRole('status', { name: 'Result of the test' });
  await result.getByText(node.body.config.fingerprint.toUpperCase().match(/../g).join(':')).waitFor();
  await inspect(page, 'another-certificate-form');
  await result.getByRole('button', { name: 'Trust this certificate' }).click();
  await dialog.getByRole('button', { name: 'Test', exact: true }).click();
  await result.getByText(/^It works/).waitFor();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await item.getByText('ok', { exact: true }).waitFor();
  assert.equal(await item.getByText(/certificate/).count(), 0);
  clean(page);
});
