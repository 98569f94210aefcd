import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, token, service;
const heard = [];

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  token = await pulse.mint('fleet', 'host-agent:report');
  await report(pulse, token, 0, 1);
  service = createServer((request, response) => {
    let body = '';
    request.on('data', (part) => (body += part));
    request.on('end', () => {
      heard.push({ path: request.url, body: JSON.parse(body) });
      response.end('ok');
    });
  });
  await new Promise((ready) => service.listen(0, '127.0.0.1', ready));
  page = await openPage(await member(browser, pulse), { expected: [/400/] });
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
  service?.close();
});

test('a channel is made, fails with a reason, is mended and heard', async () => {
  await page.goto('/alerts/channels');
  await page.getByRole('button', { name: 'New channel' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByRole('button', { name: /^Webhook/ }).click();
  await dialog.getByLabel('Name', { exact: true }).fill('chat');
  await dialog.getByLabel('Title').fill('Team chat');
  await dialog.getByLabel('URL', { exact: true }).fill(`http://127.0.0.1:${service.address().port}/hook`);
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  const row = page.getByRole('list', { name: 'Channels' }).getByRole('listitem');
  await row.getByText('Team chat').waitFor();
  await row.getByRole('button', { name: 'Test' }).click();
  await row
    .getByRole('alert')
    .getByText(/loopback/)
    .waitFor();
  await pulse.call('POST', '/api/system/settings/update', {
    body: { webhookAllowedPrivateCIDRs: '127.0.0.0/8' },
  });
  await eventually('the test message is heard', async () => {
    await row.getByRole('button', { name: 'Test' }).click();
    return heard.some((h) => h.body.event === 'test');
  });
  await row.getByText('A test message was sent.').waitFor();
  clean(page);
});

test('a rule is tried, fires, is told, acknowledged, noted and over', async () => {
  await page.goto('/alerts');
  await page.getByRole('region', { name: 'Activation' }).getByRole('button', { name: 'Activate' }).click();
  await page.getByRole('region', { name: 'Activation' }).waitFor({ state: 'detached' });

  await page.getByRole('link', { name: 'Rules', exact: true }).click();
  await page.getByRole('button', { name: 'New rule' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Busy mail');
  await dialog.getByLabel('Names').fill('mir*');
  await dialog.getByLabel('Warning at').fill('5');
  await dialog.getByLabel('Critical at').fill('6');
  await dialog.getByLabel('Over again at').fill('4');
  await dialog.getByLabel('Has to last').fill('0');
  await dialog.getByRole('button', { name: 'Try on the last week' }).click();
  await dialog.getByText(/would have fired once/).waitFor();
  await dialog.getByRole('button', { name: 'Save' }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByText('critical from 6 %').waitFor();

  await page.getByRole('link', { name: 'Active', exact: true }).click();
  await report(pulse, token, 1, 1);
  const alert = page
    .getByRole('list', { name: 'Active alerts' })
    .getByRole('listitem')
    .filter({ hasText: 'CPU of mira' });
  await alert.getByText('critical', { exact: true }).waitFor();
  await eventually('the alert is told', () => heard.some((h) => h.body.event === 'firing'));
  assert.equal(heard.find((h) => h.body.event === 'firing').body.alerts[0].resourceName, 'mira');

  await alert.getByRole('button', { name: 'Acknowledge' }).click();
  await alert.getByText(/acknowledged by/).waitFor();
  await alert.getByRole('link', { name: 'Details' }).click();
  await page.getByText(/Told through webhook\/chat/).waitFor();
  await page.getByLabel('Note').fill('The nightly import.');
  await page.getByRole('button', { name: 'Add' }).click();
  await page.getByText('The nightly import.').waitFor();

  await page.getByRole('link', { name: 'Rules', exact: true }).click();
  await page.getByRole('button', { name: 'Delete Busy mail' }).click();
  await page.getByText('critical from 6 %').waitFor({ state: 'detached' });
  await page.getByRole('link', { name: 'History', exact: true }).click();
  const past = page
    .getByRole('list', { name: 'History' })
    .getByRole('listitem')
    .filter({ hasText: 'CPU of mira' });
  await past.getByText(/^lasted/).waitFor();
  clean(page);
});

test('quiet hours and a maintenance window are kept', async () => {
  await page.goto('/alerts/quiet');
  await page.getByLabel('Quiet hours').check();
  await page.getByLabel('From', { exact: true }).fill('23:00');
  await page.getByLabel('Time zone').fill('Europe/Nowhere');
  await page.getByRole('button', { name: 'Save' }).click();
  await page
    .getByRole('alert')
    .getByText(/time zone/)
    .waitFor();
  await page.getByLabel('Time zone').fill('Europe/Berlin');
  await page.getByLabel('Escalate what nobody acknowledges').check();
  await page.getByRole('button', { name: 'Remove step 1' }).click();
  await page.getByRole('button', { name: 'Add a step' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await eventually('it is saved', async () => {
    const { schedule } = await pulse.call('GET', '/api/alerts/config');
    return schedule.quietHours.enabled && schedule.quietHours.start === '23:00';
  });
  const { schedule } = await pulse.call('GET', '/api/alerts/config');
  assert.deepEqual(schedule.escalation, {
    enabled: true,
    levels: [
      { after: 30, notify: 'webhook' },
      { after: 60, notify: 'all' },
      { after: 75, notify: 'all' },
    ],
  });
  await page.getByRole('button', { name: 'New window' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Name', { exact: true }).fill('Move of the rack');
  await dialog.getByLabel('Names of resources').fill('rigel');
  await dialog.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('list', { name: 'Maintenance windows' }).getByText('Move of the rack').waitFor();
  await page.getByRole('button', { name: 'Delete Move of the rack' }).click();
  await page.getByText('There is no maintenance window.').waitFor();
  clean(page);
});
