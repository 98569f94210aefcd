// Writes pictures of the pages of a Proxmox cluster of 2,000 guests on 50 nodes, with a backup server and a mail gateway, into a
// directory: docs/img/proxmox unless another is named. They are what docs/proxmox.md shows.
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { looks } from './parts/pages.mjs';
import { launch, missing } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

const dir = path.resolve(process.argv[2] ?? path.join(import.meta.dirname, '../../docs/img/proxmox'));
const guests = 2_000;
/** Backups, disks and replication come within the first minutes, as the call budget allows. */
const settled = Number(process.env.SETTLED ?? 420) * 1000;

const systems = [['pve', '--nodes', '50', '--guests', String(guests)], ['pbs', '--guests', '400'], ['pmg']];

async function connect(pulse) {
  const running = systems.map(([kind, ...args]) =>
    launch(`plugins/pulse-plugin-${kind}`, 'simulate', ...args),
  );
  for (const simulator of running) {
    const body = await eventually('a simulator serves', () => JSON.parse(simulator.output.split('\n')[0]));
    await pulse.call('POST', '/api/integrations', { body });
  }
  await eventually('all guests are there', async () => {
    const { vms, containers } = await pulse.call('GET', '/api/state');
    return vms.length + containers.length === guests;
  });
  return running;
}

/** The pages with their names. */
async function pagesOf(pulse) {
  const { nodes, vms, storage } = await pulse.call('GET', '/api/state');
  const of = (resource) => `/r/${encodeURIComponent(resource.id)}`;
  return [
    ['overview', '/'],
    ['infrastructure', '/infrastructure'],
    ['workloads', '/workloads'],
    ['by-node', '/workloads?group=node&sort=-cpu'],
    ['node', of(nodes[0])],
    ['guest', of(vms.find((v) => v.status === 'running'))],
    ['storage', '/storage'],
    ['one-storage', of(storage.find((s) => s.shared) ?? storage[0])],
    ['backups', '/backups'],
    ['ceph', '/ceph'],
    ['disks', '/disks'],
    ['replication', '/replication'],
    ['mail', '/mail'],
    ['integrations', '/settings/integrations'],
  ];
}

async function shoot(page, name) {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 70 });
  await session.detach();
  await writeFile(path.join(dir, `${name}.webp`), Buffer.from(data, 'base64'));
  console.log(path.join(dir, `${name}.webp`));
}

async function main() {
  const lack = missing();
  if (lack) throw new Error(lack);
  await mkdir(dir, { recursive: true });
  const [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  let running = [];
  try {
    await pulse.claim();
    running = await connect(pulse);
    await pause(settled);
    const pages = await pagesOf(pulse);
    for (const [theme, screen] of [
      ['light', 'desktop'],
      ['dark', 'phone'],
    ]) {
      const context = await member(browser, pulse, looks(theme, screen));
      const page = await openPage(context);
      for (const [name, where] of pages) {
        await page.goto(where);
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        await pause(1500); // lines and charts are drawn
        await shoot(page, `${name}-${screen}`);
      }
      await context.close();
    }
  } finally {
    await browser.close();
    await Promise.all([pulse.stop(), ...running.map((r) => r.kill())]);
  }
}

await main();
