import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { inspect } from './parts/inspect.mjs';
import { launch } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, simulator, lab;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse));
  simulator = launch('plugins/pulse-plugin-pve', 'simulate', '--nodes', '3', '--guests', '40');
  await eventually('the simulator serves', async () => {
    lab = JSON.parse(simulator.output.split('\n')[0]).config;
    return true;
  });
});
after(async () => {
  await simulator?.kill();
  await browser?.close();
  await pulse?.stop();
});

test('who looks in the network sees how far it is', async () => {
  let end;
  const looked = new Promise((resolve) => (end = resolve));
  const nothing = { servers: [], errors: [], environment: null, cached: false };
  await page.route('**/api/discover', async (route) => {
    if (route.request().method() === 'POST') await looked;
    await route.fulfill({ json: { ...nothing, progress: { total: 254, done: 100, found: 1 } } });
  });
  await page.goto('/settings/integrations');
  await page.getByRole('button', { name: 'New integration' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: 'Look around' }).click();
  await dialog.getByText('100 of 254 addresses looked at, 1 found.').waitFor();
  await inspect(page, 'looking-around');
  end();
  await dialog.getByText('Nothing was found').waitFor();
  await page.unroute('**/api/discover');
  await page.keyboard.press('Escape');
});

test('a system introduces itself by a command, and the page tells when it has arrived', async () => {
  await page.goto('/settings/integrations');
  await page.getByRole('button', { name: 'New integration' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Or look in the network').fill('127.0.0.0/30');
  page.expected.push(/400/);
  await dialog.getByRole('button', { name: 'Look around' }).click();
  await dialog.getByText(/only such are looked through/).waitFor();
  await inspect(page, 'add-kinds');
  await dialog.getByRole('button', { name: /^Proxmox VE/ }).click();
  await dialog.getByLabel('Address').fill(lab.host);
  await inspect(page, 'add-address');
  await dialog.getByRole('button', { name: 'Have a command add it' }).click();
  await inspect(page, 'add-command-form');
  await dialog.getByRole('button', { name: 'Make the command' }).click();
  await dialog.getByText('Waiting for it').waitFor();
  await inspect(page, 'add-command');
  const command = await dialog.getByLabel('Command that adds the system').innerText();
  const [, token] = /PULSE_SETUP_TOKEN=([0-9a-f]{32}) /.exec(command);
  const said = await pulse.call('POST', '/api/auto-register', {
    token: '',
    body: {
      ...{
        type: 'pve',
        host: lab.host,
        serverName: 'lab',
        tokenId: lab.token_name,
        tokenValue: lab.token_value,
      },
      ...{ fingerprint: lab.fingerprint, authToken: token, source: 'script' },
    },
  });
  assert.equal(said.status, 'success');
  await dialog.getByText('has arrived, and Pulse reads it.').waitFor();
  await inspect(page, 'add-arrived');
  await dialog.getByRole('button', { name: 'Close' }).last().click();
  const item = page.getByRole('listitem').filter({ hasText: 'lab' });
  await item.getByText('ok').waitFor();
  await inspect(page, 'integrations');
});

test('the page of backups says what is not backed up', async () => {
  await page.goto('/backups');
  const guests = page.getByRole('list', { name: 'Guests' });
  await eventually('backups were read', async () => {
    await page.reload();
    await guests.waitFor();
    return (await page.getByRole('slider', { name: /[1-9]\d* of 30 days/ }).count()) > 0;
  });
  await inspect(page, 'backups');
  await page.getByRole('button', { name: /Fine$/ }).click();
  await page.waitForURL(/state=fine/);
  await page.getByLabel('Filter by name').fill('no such guest');
  await page.getByRole('heading', { name: 'Nothing passes the filter' }).waitFor();
  await inspect(page, 'backups-none');
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await guests.waitFor();
  const strips = guests.getByRole('slider');
  const all = await strips.count();
  await page.getByRole('combobox', { name: /^Guests/ }).selectOption('gaps');
  await page.waitForURL(/has=gaps/);
  await soon(async () => {
    const missed = await guests.getByRole('slider', { name: /missed/ }).count();
    assert.ok(missed > 0 && missed < all && missed === (await strips.count()), `${missed} of ${all}`);
  });
  await inspect(page, 'backups-missed');
  await page.goto('/backups?has=gaps');
  await guests.waitFor();
  await soon(async () => assert.ok((await strips.count()) < all, 'a link brings the filter'));
});

test('keys walk through the days of backups, from guest to guest', async () => {
  await page.goto('/backups');
  const strips = page.getByRole('list', { name: 'Guests' }).getByRole('slider');
  await strips.first().waitFor();
  const names = await page.getByRole('list', { name: 'Guests' }).getByRole('link').allInnerTexts();
  const natural = new Intl.Collator(undefined, { numeric: true }).compare;
  const fine = names.filter((n) => n.startsWith('ct'));
  assert.deepEqual(fine, [...fine].sort(natural), 'names are in the order in which people look for them');
  await page.keyboard.press('/');
  await eventually('the filter has the focus', () =>
    page.getByLabel('Filter by name').evaluate((e) => e === document.activeElement),
  );
  const focused = () => page.locator('[role=slider]:focus');
  for (let i = 0; i < 12 && (await focused().count()) === 0; i++) await page.keyboard.press('Tab');
  await soon(async () =>
    assert.match(await focused().getAttribute('aria-label'), new RegExp(`^${names[0]}, `)),
  );
  await soon(async () =>
    assert.equal(await page.locator('[role=slider][tabindex="0"]').count(), 1, 'Tab stops at one of them'),
  );
  const day = () => focused().getAttribute('aria-valuenow');
  assert.equal(await day(), '30', 'the newest day is first');
  await page.keyboard.press('ArrowLeft');
  await eventually('the day before is told', async () => (await day()) === '29');
  const said = await focused().getAttribute('aria-valuetext');
  assert.match(said, /^\d+ \w+ \d{4}: (backup|missed|no backup)/);
  await focused().getByText(said).waitFor();
  await inspect(page, 'backups-day');
  await page.keyboard.press('ArrowDown');
  await eventually('the next guest has the focus', async () =>
    (await focused().getAttribute('aria-label')).startsWith(`${names[1]}, `),
  );
  assert.equal(await day(), '29', 'it is the same day');
  await page.keyboard.press('Home');
  await eventually('the first day is told', async () => (await day()) === '1');
  await page.keyboard.press('ArrowUp');
  await eventually('the guest before has the focus', async () =>
    (await focused().getAttribute('aria-label')).startsWith(`${names[0]}, `),
  );
});

test('each kind of thing has a section of its own', async () => {
  await page.goto('/ceph');
  await page
    .getByRole('region', { name: 'Ceph' })
    .getByRole('heading', { name: /^Pools/ })
    .waitFor();
  await inspect(page, 'ceph');
  await page.goto('/disks');
  await page
    .getByRole('link', { name: /nvme0n1/ })
    .first()
    .waitFor();
  await inspect(page, 'disks');
  await page.goto('/storage');
  await page.getByRole('link', { name: 'nas' }).waitFor();
  await soon(async () =>
    assert.equal(await page.getByRole('link', { name: 'nas' }).count(), 1, 'shared storage is there once'),
  );
  const space = page.getByRole('region', { name: 'Space' });
  await space
    .getByText(/TiB$|TiB, \d+ %/)
    .first()
    .waitFor();
  await space.getByText('Known after half a day of numbers.').waitFor();
  await inspect(page, 'storage');
  await page.goto('/');
  await page
    .getByRole('navigation', { name: 'Main' })
    .first()
    .getByRole('link', { name: 'Replication' })
    .click();
  await page.getByRole('table').getByText('100-0').waitFor();
  await inspect(page, 'replication');
  for (const name of ['vm100', 'pve1', 'pve2']) {
    await page.getByRole('table').getByRole('link', { name, exact: true }).waitFor();
  }
  await page.getByRole('link', { name: 'pve2', exact: true }).click();
  await page.getByRole('heading', { name: 'pve2', level: 1 }).waitFor();
  await page.goBack();
  await page.getByLabel('Filter the rows by a text').fill('no such job');
  await page.waitForURL(/q=no/);
  await page.getByRole('heading', { name: 'Nothing passes the filter' }).waitFor();
  await inspect(page, 'replication-none');
  await page.getByRole('button', { name: 'Clear the filter' }).click();
  await page.getByRole('table').waitFor();
});

test('a list is searched as a whole, and its rows lead to what they are about', async () => {
  await page.goto('/lists');
  await inspect(page, 'lists');
  await page.getByRole('link', { name: /^Backups on storages\s*[1-9]/ }).click();
  await page.getByRole('table').waitFor();
  const about = page
    .getByRole('table')
    .getByRole('link', { name: /^ct\d+$/ })
    .first();
  const name = await about.innerText();
  await about.focus();
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  // A container's page has its backups, as a virtual machine's has.
  const backups = page.getByRole('region', { name: /^Backups on storages/ });
  await backups.getByRole('link', { name: 'nas' }).first().click();
  await page.getByRole('heading', { name: 'nas', level: 1 }).waitFor();
  await page.goBack();
  await page.goBack();
  await page.getByRole('table').waitFor();
  await inspect(page, 'list');
  await page.getByLabel('Filter the rows by a text').fill('no such row');
  await page.getByRole('heading', { name: 'Nothing passes the filter' }).waitFor();
  clean(page);
});
