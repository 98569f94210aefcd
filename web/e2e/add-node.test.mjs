import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { inspect } from './parts/inspect.mjs';
import { launch } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, simulator, cut;
const nodes = [];

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse));
  simulator = launch(
    'plugins/pulse-plugin-pve',
    ...['simulate', '--nodes', '3', '--guests', '9', '--listen', '127.0.0.1:0,127.0.0.1:0'],
  );
  await eventually('the simulator serves', async () => {
    const lines = simulator.output.split('\n');
    nodes[0] = JSON.parse(lines[0]).config;
    nodes[1] = JSON.parse(lines[1]).config;
    return true;
  });
  cut = createServer((connection) => connection.destroy());
  await new Promise((ready) => cut.listen(0, '127.0.0.1', ready));
});
after(async () => {
  cut?.close();
  await simulator?.kill();
  await browser?.close();
  await pulse?.stop();
});

const dialog = () => page.getByRole('dialog');
const field = (label) => dialog().getByLabel(label, { exact: true });

/** Begins to add a system of a kind. */
async function begin(kind) {
  await page.goto('/settings/integrations');
  await page.getByRole('button', { name: 'New integration' }).click();
  await dialog().getByRole('button', { name: kind }).first().click();
}

/** Asks who answers at an address, and waits for what is said of it. */
async function look(address, says) {
  await field('Address').fill(address);
  await dialog().getByRole('button', { name: 'Look who answers' }).click();
  await dialog().getByRole('status').getByText(says).waitFor();
}

/** Tries what is entered, and waits for the word. */
async function tryIt(values, says) {
  for (const [label, value] of Object.entries(values)) await field(label).fill(value);
  await dialog().getByRole('button', { name: 'Test', exact: true }).click();
  await dialog().getByRole('status', { name: 'Result of the test' }).getByText(says).first().waitFor();
}

test('who does not answer at an address is told from who answers something else', async () => {
  await begin(/^Proxmox VE/);
  await look('127.0.0.1:1', /connection refused/);
  await inspect(page, 'add-refused');
  await look('nowhere.invalid', /nowhere\.invalid has no address/);
  await look(`127.0.0.1:${cut.address().port}`, /closes the connection without an answer/);
  await look(pulse.url.replace('http://', ''), /speaks no TLS/);
});

test('a node is added: address, certificate, credentials, what the account sees and lacks', async () => {
  await begin(/^Proxmox VE/);
  await look(nodes[0].host, /^pve1/);
  const print = nodes[0].fingerprint.toUpperCase().match(/../g).join(':');
  await dialog().getByText(print).waitFor();
  await inspect(page, 'add-certificate');
  await dialog().getByRole('button', { name: 'Trust this certificate' }).click();
  await soon(async () => assert.equal(await field('Name').inputValue(), 'pve1'));
  await inspect(page, 'add-credentials');
  await tryIt(
    { Token: 'monitor@pve!blind', 'Token secret': nodes[0].token_value },
    /may read nothing here.*pveum acl modify/,
  );
  await tryIt({ Token: 'monitor@pve!pulse', 'Token secret': 'wrong' }, /refuses the credentials/);
  await tryIt({ Token: 'monitor@pve!auditor', 'Token secret': nodes[0].token_value }, /^It works/);
  const result = dialog().getByRole('status', { name: 'Result of the test' });
  await result.getByRole('list', { name: 'Missing rights' }).getByText('Sys.Modify').waitFor();
  assert.match(
    await result.getByLabel('Commands that give the rights').innerText(),
    /^pveum role add PulseMonitor/,
  );
  await inspect(page, 'add-auditor');
  await tryIt({ Token: nodes[0].token_name }, /^It works/);
  const members = result.getByRole('list', { name: 'Members of the cluster' }).getByRole('listitem');
  await eventually('three members', async () => (await members.count()) === 3);
  await result.getByText(/The account sees .*3 Proxmox nodes/).waitFor();
  await dialog().getByText('More settings').click();
  await tryIt(
    { Fingerprint: Array(32).fill('AB').join(':') },
    /does not show the certificate that was accepted/,
  );
  await field('Fingerprint').fill('');
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().waitFor({ state: 'detached' });
  const item = page.getByRole('listitem').filter({ hasText: 'pve1' });
  await item.getByText(/^read /).waitFor();

  await page.getByRole('button', { name: 'Disable pve1' }).click();
  await item.getByText('disabled').waitFor();
  await page.getByRole('button', { name: 'Enable pve1' }).click();
  await item.getByText('ok').waitFor();
});

test('a second node of the same cluster becomes one with the first, and says so', async () => {
  await begin(/^Proxmox VE/);
  await look(nodes[1].host, /^pve2/);
  await dialog().getByRole('button', { name: 'Trust this certificate' }).click();
  await tryIt({ Token: nodes[1].token_name, 'Token secret': nodes[1].token_value }, /^It works/);
  await dialog().getByRole('button', { name: 'Save' }).click();
  await dialog().waitFor({ state: 'detached' });
  const item = page.getByRole('listitem').filter({ hasText: 'pve2' });
  await item.getByText(/Asks the same cluster as pve1/).waitFor();
  await inspect(page, 'add-merged');
  await page.getByRole('button', { name: 'Change pve1' }).click();
  const members = dialog().getByRole('region', { name: 'Members of the cluster' });
  await members.getByText('(instead of 127.0.1.2)').waitFor();
  await members.getByRole('button', { name: 'Look again' }).click();
  await inspect(page, 'add-members');
  clean(page);
});
