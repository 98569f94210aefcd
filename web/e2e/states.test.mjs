import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { pagesOf, screens, themes } from './parts/pages.mjs';
import { launch } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';
import { partsOf, viewsOf } from './parts/views.mjs';

// Each view in each of the states that a view may be in. Where a page for each view is needed, several are open at once.
const lanes = { concurrency: 4 };

/** What a file owns is shown with its line and changed nowhere else. */
const configuration = `metrics {
  raw_retention = "3d"
}

integration "webhook" "chat" {
  title = "Chat"
  url   = "https://chat.example.net/hook"
}

audit {
  retention = "30d"
}

server {
  allowed_origins = ["https://dashboard.example.com"]
}
`;

let dir, pulse, bare, browser, simulator, admin, incident, rows;
const machine = 'lyra';
const people = { operator: 'the lighthouse keeper sleeps', viewer: 'nine grey geese over water' };

before(async () => {
  dir = await mkdtemp(path.join(tmpdir(), 'pulse-config-'));
  const file = path.join(dir, 'config.hcl');
  await writeFile(file, configuration);
  [pulse, bare, browser] = await Promise.all([Pulse.start('--config', file), Pulse.start(), startBrowser()]);
  await Promise.all([furnish(), bare.claim()]);
  admin = await member(browser, pulse);
});
after(async () => {
  await browser?.close();
  await Promise.all([pulse?.stop(), bare?.stop(), simulator?.kill()]);
  await rm(dir, { recursive: true, force: true });
});

/** Gives the server something to show in every view. */
async function furnish() {
  await pulse.claim();
  const rule = { name: 'busy', enabled: true, kind: 'cpu', match: {}, trigger: 0.01, for: 0, origin: 'user' };
  await pulse.call('POST', '/api/rules', { body: rule });
  simulator = launch('plugins/pulse-plugin-pve', 'simulate', '--nodes', '2', '--guests', '12');
  const lab = await eventually('the simulator serves', () => JSON.parse(simulator.output.split('\n')[0]));
  await pulse.call('POST', '/api/integrations', { body: lab });
  await report(pulse, await pulse.mint('fleet', 'host-agent:report'), 0, 30);
  for (const [username, password] of Object.entries(people)) {
    const body = { username, password, roleIds: [username] };
    await pulse.call('POST', '/api/admin/users', { body });
  }
  incident = await eventually('an alert fires', async () => {
    const alerts = await pulse.call('GET', '/api/alerts/active');
    return alerts.find((a) => a.resourceName === machine)?.incidentId;
  });
  await eventually('there are guests', async () => {
    const { guests } = await pulse.call('GET', '/api/protection');
    return guests.length > 0;
  });
  await eventually('disks and Ceph are known', async () => {
    const { physicalDisks, cephClusters } = await pulse.call('GET', '/api/state');
    return physicalDisks.length > 0 && cephClusters.length > 0;
  });
  rows = await eventually('a list has rows', async () => {
    const { lists } = await pulse.call('GET', '/api/lists');
    return lists.find((l) => l.total > 0)?.name;
  });
}

const views = () => viewsOf({ machine, incident, rows });

/** Runs something for each view, several at once, each on a page of its own. */
async function each(t, all, context, work, options) {
  await Promise.all(
    all.map((view) =>
      t.test(view.name ?? view.failed, async () => {
        const page = await openPage(context, options);
        await work(page, view);
        clean(page);
        await page.close();
      }),
    ),
  );
}

/** What a view says when its request fails. */
function problemOf(page, { failed }) {
  return page.getByRole('alert').filter({ hasText: failed });
}

test('before what was asked for is there, there is its shape', lanes, async (t) => {
  const waiting = views().filter((v) => v.asks);
  await each(t, waiting, admin, async (page, view) => {
    let release;
    const held = new Promise((go) => (release = go));
    if (view.live) await page.routeWebSocket(/\/ws/, () => undefined);
    else await page.route(view.asks, async (route) => held.then(() => route.continue()));
    await page.goto(view.path);
    await page.locator('main .skeleton').first().waitFor();
    await page.getByRole('heading', { level: 1 }).or(page.locator('main header .skeleton')).first().waitFor();
    assert.equal(await page.getByRole('alert').count(), 0);
    await fits(page, `${view.name} while it loads`);
    release();
    if (!view.live) await view.works(page).first().waitFor();
  });
});

test('what fails says what, why and what to do; a refusal who can help', lanes, async (t) => {
  const asking = [...views().filter((v) => v.asks), ...partsOf(machine)];
  const refused = { error: 'missing_scope', message: 'the token lacks it', requiredScope: 'x:read' };
  await each(
    t,
    asking,
    admin,
    async (page, view) => {
      const answer = { status: 500, body: { error: 'internal', message: 'the store is locked' } };
      await page.route(view.asks, (route) =>
        route.fulfill({
          status: answer.status,
          contentType: 'application/json',
          headers: { 'X-Request-ID': 'request-17' },
          body: JSON.stringify(answer.body),
        }),
      );
      await page.goto(view.path);
      const problem = problemOf(page, view);
      await problem.filter({ hasText: 'the store is locked' }).filter({ hasText: 'request-17' }).waitFor();
      await problem.filter({ hasText: 'The log of the server says more' }).waitFor();
      await problem.getByRole('button', { name: 'Copy the request id' }).waitFor();
      await fits(page, view.failed);
      answer.status = 403;
      answer.body = refused;
      await problem.getByRole('button', { name: 'Try again' }).click();
      await problem.filter({ hasText: 'Somebody with more rights' }).filter({ hasText: 'x:read' }).waitFor();
      if (view === asking[0]) assert.deepEqual(await barriers(page), []);
      await page.unroute(view.asks);
      // What is asked for every few seconds may come by itself before.
      const there = view.works(page).first();
      await Promise.any([problem.getByRole('button', { name: 'Try again' }).click(), there.waitFor()]);
      await there.waitFor();
      await problem.waitFor({ state: 'detached' });
    },
    { expected: [/status of (403|500)/] },
  );
});

/** Buttons by which something of the server is changed. */
const changes =
  /^(New |Add|Install|Save|Edit|Delete|Acknowledge|Take back|Snooze|Clear$|Override|Change|Restart|Disable|Enable|Activate|Make|Report|Remove|Mute|Same machine)/;

/** Who may what, and who looks on by a link that changes nothing. */
const principals = {
  operator: { may: ['account', 'read:audit_logs', 'write'], context: () => person('operator') },
  viewer: { may: ['account', 'read:audit_logs'], context: () => person('viewer') },
  kiosk: { may: [], context: guest },
};

async function person(username) {
  const context = await visitor(browser, pulse);
  const data = { username, password: people[username] };
  const got = await context.request.post(`${pulse.url}/api/login`, { data });
  assert.equal(got.status(), 200);
  return context;
}

async function guest() {
  const token = await pulse.mint('wall', 'monitoring:read');
  const context = await visitor(browser, pulse);
  await context.addInitScript((value) => window.sessionStorage.setItem('pulse.guest', value), token);
  return context;
}

for (const [who, { may, context }] of Object.entries(principals)) {
  test(
    `the ${who} sees what is theirs, is told who can give the rest, and is offered no more`,
    lanes,
    async (t) => {
      const theirs = await context();
      await each(t, views(), theirs, async (page, view) => {
        await page.goto(view.path);
        if (view.takes && !may.includes(view.takes)) {
          const words = view.takes === 'account' ? 'about an account' : 'You may not use this page';
          await page.getByRole('heading', { name: words }).waitFor();
          if (view.takes !== 'account') {
            await page
              .locator('main')
              .getByText('An administrator can give you a role that has it')
              .waitFor();
          }
          return;
        }
        await view.works(page).first().waitFor();
        await soon(async () => assert.equal(await page.locator('h1').count(), 1, 'there is one title'));
        assert.equal(await page.getByRole('alert').count(), 0, 'nothing failed');
        if (may.includes('write') || view.own) return;
        const offered = await page.locator('main').getByRole('button', { name: changes }).allInnerTexts();
        const allowed = who === 'viewer' ? ['Report'] : []; // who reads with an account of their own
        const refused = offered.filter((name) => !allowed.includes(name));
        assert.deepEqual(refused, [], `${who} is offered what would be refused`);
      });
      await theirs.close();
    },
  );
}

test('what the pictures of pages do not cover fits and keeps nobody out either', lanes, async (t) => {
  const pictured = new Set(pagesOf(machine).map((p) => p.path));
  const others = views().filter((v) => !pictured.has(v.path));
  await each(t, others, admin, async (page, view) => {
    await page.goto(view.path);
    await view.works(page).first().waitFor();
    for (const theme of themes) {
      await page.emulateMedia({ colorScheme: theme });
      assert.deepEqual(await barriers(page), [], `${view.name}, ${theme}`);
    }
    for (const [width, height] of Object.values(screens)) {
      await page.setViewportSize({ width, height });
      await fits(page, `${view.name} at ${width}`);
    }
  });
});

test('where nothing is configured, a sentence says so and a button mends it', lanes, async (t) => {
  const context = await member(browser, bare);
  const empty = views().filter((v) => v.empty);
  await each(t, empty, context, async (page, view) => {
    if (view.none) {
      await page.route(view.asks, (route) =>
        route.fulfill({ status: 200, contentType: 'application/json', body: view.none }),
      );
    }
    await page.goto(view.path);
    await page.getByRole('heading', { name: view.empty.says }).waitFor();
    await fits(page, `${view.name} where there is nothing`);
    assert.deepEqual(await barriers(page), []);
    const { mends } = view.empty;
    if (!mends) return;
    const main = page.locator('main');
    const before = page.url();
    await main
      .getByRole('button', { name: mends })
      .or(main.getByRole('link', { name: mends }))
      .click();
    await eventually(`${mends} leads on`, async () =>
      (await page.getByRole('dialog').count()) > 0 ? true : page.url() !== before,
    );
  });
  await context.close();
});

test('where a filter lets nothing pass, it is named and cleared by a click', lanes, async (t) => {
  const filtered = views().filter((v) => v.filtered);
  await each(t, filtered, admin, async (page, { name, filtered: { path: where, says, clears }, works }) => {
    await page.goto(where);
    await page.getByRole('heading', { name: says }).waitFor();
    await fits(page, `${name} where nothing passes`);
    await page.getByRole('button', { name: clears }).last().click();
    await works(page).first().waitFor();
    await eventually('the address is without it', () => !/nowhere|critical|maintenance/.test(page.url()));
  });
});

test('what the configuration owns is read-only and says the file and the line', lanes, async (t) => {
  const owned = views().filter((v) => v.owned);
  await each(t, owned, admin, async (page, view) => {
    await page.goto(view.path);
    const { field, line } = view.owned;
    await page
      .locator('main')
      .getByText(new RegExp(`config\\.hcl:${line}$`))
      .first()
      .waitFor();
    if (field) assert.ok(await page.getByLabel(field, { exact: true }).isDisabled(), `${field} is open`);
    else assert.equal(await page.getByRole('button', { name: /^(Change|Remove) / }).count(), 0);
    await fits(page, `${view.name} that a file owns`);
  });
});

/** Of when a view says that it is. */
const age = (page) => page.getByText(/^As of/).first();

test('when the server is gone everything stays with its age, and comes to life again', async () => {
  const all = views();
  const pages = await Promise.all(
    all.map(async (view) => {
      const page = await openPage(admin, { expected: [/ERR_|WebSocket|status of/] });
      await page.goto(view.path);
      await view.works(page).first().waitFor();
      return page;
    }),
  );
  await pulse.crash();
  for (const [i, page] of pages.entries()) {
    const view = all[i];
    await page.getByRole('status').getByText('Disconnected').waitFor();
    await page.getByText(/Next attempt in|Connecting/).waitFor();
    assert.ok(await view.works(page).first().isVisible(), `${view.name} stays`);
    if (view.asks && !view.live) await age(page).waitFor();
    if (i === 0) assert.deepEqual(await barriers(page), []);
  }
  await pulse.up();
  for (const [i, page] of pages.entries()) {
    await page.bringToFront();
    await page.getByRole('status').getByText('Disconnected').waitFor({ state: 'detached' });
    await age(page).waitFor({ state: 'detached' });
    await soon(async () => {
      assert.ok(await all[i].works(page).first().isVisible(), `${all[i].name} is still there`);
      assert.equal(await page.getByRole('alert').count(), 0);
    });
    clean(page);
    await page.close();
  }
});
