import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { report } from './parts/fleet.mjs';
import { fits } from './parts/layout.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, context;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  await report(pulse, await pulse.mint('fleet', 'host-agent:report'), 0, 30);
  context = await member(browser, pulse);
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** Views with what they ask the server for, what they say when it fails, and what they show when it works. */
const views = [
  {
    ...{
      path: '/settings/tokens',
      asks: /\/api\/security\/tokens$/,
      title: 'The tokens could not be loaded.',
    },
    works: (p) => p.getByRole('list', { name: 'API tokens' }),
  },
  {
    ...{
      path: '/settings/integrations',
      asks: /\/api\/integrations/,
      title: 'The integrations could not be loaded.',
    },
    works: (p) => p.getByRole('heading', { name: 'There are no integrations' }),
  },
  {
    ...{
      path: '/settings/system',
      asks: /\/api\/system\/settings/,
      title: 'The settings could not be loaded.',
    },
    works: (p) => p.getByLabel('Public address'),
  },
  {
    ...{ path: '/settings/about', asks: /\/api\/version/, title: 'The version is not known.' },
    works: (p) => p.locator('dt', { hasText: 'Version' }),
  },
  {
    ...{ path: '/plugins', asks: /\/api\/plugins$/, title: 'The plugins could not be loaded.' },
    works: (p) => p.getByRole('list', { name: 'Plugins' }),
  },
  {
    ...{ path: '/r/lyra', asks: /metrics-store\/history/, title: 'The charts could not be loaded.' },
    works: (p) => p.locator('figure').first(),
  },
  {
    ...{ path: '/r/lyra', asks: /\/events\?/, title: 'The events could not be loaded.' },
    works: (p) => p.locator('figure').first(),
  },
  {
    ...{ path: '/r/lyra', asks: /hosts\/metadata/, title: 'The notes could not be loaded.' },
    works: (p) => p.getByRole('heading', { name: 'Notes' }),
  },
  {
    ...{ path: '/', asks: /\/api\/v2\/conditions/, title: 'What plugins find wrong could not be loaded.' },
    works: (p) => p.getByText('Everything is well.'),
  },
];

for (const { path, asks, title, works } of views) {
  test(`${path} says that it has no right, what failed, and tries again: ${title}`, async () => {
    const page = await openPage(context, { expected: [/status of (403|500)/] });
    const answer = {
      status: 403,
      body: { error: 'missing_scope', message: 'the token lacks it', requiredScope: 'x:read' },
    };
    await page.route(asks, (route) =>
      route.fulfill({
        status: answer.status,
        contentType: 'application/json',
        headers: { 'X-Request-ID': 'request-17' },
        body: JSON.stringify(answer.body),
      }),
    );
    await page.goto(path);
    const problem = page.getByRole('alert').filter({ hasText: title });
    await problem.filter({ hasText: 'x:read' }).waitFor();
    answer.status = 500;
    answer.body = { error: 'internal', message: 'the store is locked' };
    await problem.getByRole('button', { name: 'Try again' }).click();
    await problem.filter({ hasText: 'the store is locked' }).filter({ hasText: 'request-17' }).waitFor();
    await fits(page, title);
    assert.deepEqual(await barriers(page), []);
    await page.unroute(asks);
    await problem.getByRole('button', { name: 'Try again' }).click();
    await works(page).waitFor();
    await problem.waitFor({ state: 'detached' });
    clean(page);
    await page.close();
  });
}

test('what was loaded stays when the server is gone, and the banner counts down', async () => {
  const page = await openPage(context, { expected: [/ERR_|WebSocket|status of/] });
  await page.goto('/infrastructure');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await pulse.crash();
  await page.getByRole('status').getByText('Disconnected').waitFor();
  await page.getByText(/Next attempt in|Connecting/).waitFor();
  await page.getByRole('link', { name: 'vega' }).waitFor();
  await pulse.up();
  await page.getByRole('status').getByText('Disconnected').waitFor({ state: 'detached' });
  await page.close();
});

test('before the first data there is the shape of the page', async () => {
  const page = await openPage(context);
  await page.routeWebSocket(/\/ws/, () => undefined);
  for (const path of ['/', '/infrastructure', '/r/lyra']) {
    await page.goto(path);
    await page.locator('main .skeleton').first().waitFor();
    await fits(page, `${path} while it loads`);
    assert.deepEqual(await barriers(page), []);
  }
  clean(page);
  await page.close();
});
