import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { inspect } from './parts/inspect.mjs';
import { launch } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

// A cluster with more guests on a node than a page would like to list.
const guests = 150;
let pulse, browser, page, simulator;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  page = await openPage(await member(browser, pulse));
  simulator = launch('plugins/pulse-plugin-pve', 'simulate', '--nodes', '3', '--guests', String(guests));
  await eventually('the simulator serves', async () => {
    const body = JSON.parse(simulator.output.split('\n')[0]);
    await pulse.call('POST', '/api/integrations', { body });
    return true;
  });
  await eventually('all guests are there', async () => {
    const { vms, containers } = await pulse.call('GET', '/api/state');
    return vms.length + containers.length === guests;
  });
});
after(async () => {
  await simulator?.kill();
  await browser?.close();
  await pulse?.stop();
});

const rows = () => page.locator('main tbody tr[data-index]');
const ids = async () =>
  Object.fromEntries((await pulse.call('GET', '/api/state')).nodes.map((n) => [n.name, n.id]));

test('a node with many guests shows some of them, the most urgent first, and the way to all', async () => {
  await page.goto(`/r/${encodeURIComponent((await ids()).pve1)}`);
  const workloads = page.getByRole('region', { name: 'Workloads' });
  await workloads.getByRole('button', { name: 'Show all 50' }).waitFor();
  await soon(async () => assert.equal(await workloads.locator('tbody tr[data-index]').count(), 10));
  await page.getByText(/^for \d+ d/).waitFor();
  await inspect(page, 'node');
  await workloads.getByRole('link', { name: 'Show in Workloads' }).click();
  await page.waitForURL(/workloads\?q=node(:|%3A)pve1$/);
  await page.getByRole('status').filter({ hasText: '50 of 150' }).waitFor();
  await page.goBack();
  await workloads.getByRole('button', { name: 'Show all 50' }).click();
  await eventually(
    'all are there',
    async () => (await workloads.locator('tbody tr[data-index]').count()) === 50,
  );
  clean(page);
});

test('guests are filtered, grouped and sorted by what a cluster knows of them', async () => {
  await page.goto('/workloads?q=node:pve2%20tag:prod');
  const counted = page.getByRole('status').filter({ hasText: `of ${guests}` });
  await eventually('some pass', async () => Number.parseInt(await counted.first().innerText(), 10) > 0);
  for (const group of ['Node', 'Tag', 'Type', 'Status']) {
    await page.getByRole('combobox', { name: 'Group' }).selectOption({ label: group });
    await page.locator('th[scope=rowgroup]').first().waitFor();
  }
  await page.goto('/infrastructure?q=cluster:lab&group=cluster');
  await page.locator('th[scope=rowgroup]').filter({ hasText: /^lab/ }).waitFor();
  await soon(async () => assert.equal(await rows().count(), 3));
  await page.goto('/infrastructure');
  await page.getByRole('columnheader', { name: 'Nodes' }).waitFor();
  const heads = await page.getByRole('columnheader').allInnerTexts();
  assert.ok(heads.indexOf('CPU') < heads.indexOf('Nodes'), `what most have comes first: ${heads}`);
  clean(page);
});

test('the hint that the order has changed stays in sight when the rows are scrolled', async () => {
  await page.goto('/workloads?sort=-cpu');
  await eventually('the busiest are first', async () => {
    const shares = await rows().locator('td:has([title*="%"])').allInnerTexts();
    return shares.length > 0 && Number.parseFloat(shares[0]) > 30;
  });
  await page.mouse.move(700, 500);
  await page.mouse.wheel(0, 2500);
  const resort = page.getByRole('button', { name: 'Re-sort' });
  await resort.waitFor();
  const box = await resort.boundingBox();
  const head = await page.getByRole('columnheader').first().boundingBox();
  assert.ok(box.y >= 0 && box.y + box.height <= head.y + head.height + 1, `it lies over the head: ${box.y}`);
  await resort.click();
  await resort.waitFor({ state: 'detached' });
  clean(page);
});

/** How many pixels are painted for each card, where its line is. */
function paintedCards() {
  const canvas = document.querySelector('canvas[data-trends]');
  const cards = [...document.querySelectorAll('a[data-index]')];
  if (!canvas || canvas.height === 0) return [];
  const to = canvas.getContext('2d');
  const { top, left, width } = canvas.getBoundingClientRect();
  return cards.map((card) => {
    const box = card.getBoundingClientRect();
    const y = Math.round((box.top - top) * window.devicePixelRatio);
    const inside = left >= box.left && left + width <= box.right;
    const { data } = to.getImageData(
      0,
      Math.max(0, y),
      canvas.width,
      Math.round(box.height * window.devicePixelRatio),
    );
    return inside ? data.filter((v, at) => at % 4 === 3 && v > 0).length : 0;
  });
}

test('cards on a phone have the line of the last hour', async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto('/workloads?q=status:fine%20cpu>1');
  await eventually('cards are painted', async () => {
    const cards = await page.evaluate(paintedCards);
    return cards.length > 10 && cards.slice(0, 8).every((n) => n > 0);
  });
  assert.ok((await page.locator('a[data-index]').count()) < 60, 'only cards near the screen are in the page');
  await page.setViewportSize({ width: 1440, height: 900 });
  clean(page);
});

test('nodes and guests of one name in two clusters bear the names of these', async () => {
  const other = launch(
    'plugins/pulse-plugin-pve',
    'simulate',
    '--name',
    'annex',
    '--nodes',
    '1',
    '--guests',
    '2',
  );
  try {
    await eventually('the other cluster is there', async () => {
      const body = JSON.parse(other.output.split('\n')[0]);
      await pulse.call('POST', '/api/integrations', { body });
      return true;
    });
    for (const [place, name] of [
      ['/', 'pve1'],
      ['/workloads?q=vm100', 'vm100'],
    ]) {
      await page.goto(place);
      const named = page.locator('main tbody th').filter({ hasText: name });
      await eventually('both say whose they are', async () => {
        const said = await named.locator('[data-whose]').allInnerTexts();
        return said.toSorted().join() === 'annex,lab';
      });
    }
    await page.goto('/workloads?group=node&q=vm');
    for (const whose of ['annex', 'lab']) {
      await page
        .locator('th[scope=rowgroup]')
        .filter({ hasText: `pve1 (${whose})` })
        .waitFor();
    }
    await page.goto('/workloads?q=cluster:lab');
    await page
      .getByRole('status')
      .filter({ hasText: `${guests} of ${guests + 2}` })
      .waitFor();
    const { nodes } = await pulse.call('GET', '/api/state');
    const node = nodes.find((n) => n.instance === 'annex');
    await page.goto(`/r/${encodeURIComponent(node.id)}`);
    const workloads = page.getByRole('region', { name: 'Workloads' });
    await eventually(
      'the node has the guests of its own cluster alone',
      async () => (await workloads.locator('tbody tr[data-index]').count()) === 2,
    );
    await page.goto('/backups?find=vm100');
    for (const whose of ['annex', 'lab']) {
      const row = page.getByRole('list', { name: 'Guests' }).getByRole('listitem').filter({ hasText: whose });
      await row.getByRole('slider', { name: `vm100 (${whose}), ` }).waitFor();
    }
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto('/settings/integrations');
    for (const name of ['annex', 'lab']) {
      const row = page
        .getByRole('list', { name: 'Integrations' })
        .getByRole('listitem')
        .filter({ hasText: name });
      const button = await row.getByRole('button', { name: `Change ${name}` }).boundingBox();
      const state = await row.getByText('ok', { exact: true }).boundingBox();
      assert.ok(button.x > state.x + state.width, 'a row is one line');
      assert.ok(button.y < state.y + state.height, 'a row is one line');
    }
    await page.setViewportSize({ width: 1440, height: 900 });
    clean(page);
  } finally {
    await other.kill();
  }
});

test('a guest of a node that is down says why nothing is known of it', async () => {
  const other = launch(
    'plugins/pulse-plugin-pve',
    'simulate',
    ...['--name', 'attic', '--nodes', '3', '--guests', '6', '--down', 'pve3'],
  );
  try {
    await eventually('the other cluster is there', async () => {
      const body = JSON.parse(other.output.split('\n')[0]);
      await pulse.call('POST', '/api/integrations', { body });
      return true;
    });
    const guest = await eventually('a guest is unknown', async () => {
      const { vms, containers } = await pulse.call('GET', '/api/state');
      return [...vms, ...containers].find((g) => g.instance === 'attic' && g.node === 'pve3');
    });
    await page.goto(`/r/${encodeURIComponent(guest.id)}`);
    const note = page.getByRole('status').filter({ hasText: 'nobody can tell how this is' });
    await note.getByRole('link', { name: 'pve3' }).click();
    await page.getByRole('heading', { name: 'pve3', level: 1 }).waitFor();
    clean(page);
  } finally {
    await other.kill();
  }
});
