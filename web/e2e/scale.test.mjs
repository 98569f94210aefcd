import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let browser;

before(async () => {
  browser = await startBrowser();
});
after(() => browser?.close());

/** A server with so many invented guests that live, all of them known. */
async function seeded(guests) {
  const pulse = await Pulse.start();
  await pulse.claim();
  const config = { machines: 20, guests };
  await pulse.call('POST', '/api/integrations', { body: { kind: 'demo', name: 'demo', config } });
  await eventually('all guests are there', async () => {
    const { demoGuests } = await pulse.call('GET', '/api/state');
    return demoGuests?.length === guests;
  });
  return pulse;
}

const rows = (page) => page.locator('main tbody tr[data-index]');

/** The names of the rows that are on the screen, from top to bottom. */
function onScreen(page) {
  return page.evaluate(() =>
    [...document.querySelectorAll('main tbody tr[data-index]')]
      .filter((row) => {
        const { top, bottom } = row.getBoundingClientRect();
        return bottom > 0 && top < window.innerHeight;
      })
      .sort((a, b) => Number(a.dataset.index) - Number(b.dataset.index))
      .map((row) => row.querySelector('th a')?.textContent.trim() ?? ''),
  );
}

/** Where the page is, and how far it goes. */
function place(page) {
  return page.evaluate(() => {
    const { scrollTop, scrollHeight, clientHeight } = document.querySelector('main');
    return { top: scrollTop, end: scrollHeight - clientHeight };
  });
}

async function scrollTo(page, share) {
  await page.evaluate((s) => {
    const main = document.querySelector('main');
    main.scrollTo(0, (main.scrollHeight - main.clientHeight) * s);
  }, share);
}

/** Waits until rows are drawn where the page is. */
const drawn = (page, what) =>
  eventually(what, async () => (await onScreen(page)).filter(Boolean).length > 10);

async function lastIndex(page) {
  return page.evaluate(() =>
    Math.max(
      ...[...document.querySelectorAll('main tbody tr[data-index]')].map((r) => Number(r.dataset.index)),
    ),
  );
}

for (const guests of [2_000, 10_000]) {
  test(`a table of ${guests} guests`, async (t) => {
    const pulse = await seeded(guests);
    const page = await openPage(await member(browser, pulse), {
      expected: [/ERR_CONNECTION|ERR_EMPTY_RESPONSE|WebSocket connection|status of 50\d/],
    });
    const counted = page.getByRole('status').filter({ hasText: guests.toLocaleString('en-GB') });
    const filter = page.getByRole('combobox', { name: 'Filter' });
    try {
      await t.test('shows its first row', async (s) => {
        const began = Date.now();
        await page.goto('/workloads');
        await rows(page).first().waitFor();
        s.diagnostic(`first row after ${Date.now() - began} ms`);
        await counted.first().waitFor();
        assert.deepEqual(await barriers(page), []);
      });

      await t.test('is scrolled to its end and back, with few rows in the page', async () => {
        const first = (await onScreen(page))[0];
        await scrollTo(page, 1);
        await eventually('the last row is there', async () => (await lastIndex(page)) === guests - 1);
        assert.ok((await rows(page).count()) < 120, 'only rows near the screen are in the page');
        await drawn(page, 'rows are drawn at the end');
        await scrollTo(page, 0.5);
        await drawn(page, 'rows are drawn in the middle');
        await scrollTo(page, 0);
        await eventually('the first row is back', async () => (await onScreen(page))[0] === first);
      });

      await t.test('is filtered and sorted', async () => {
        const name = (await onScreen(page))[3];
        await filter.fill(name);
        await eventually('only what has the name is left', async () => {
          const names = await onScreen(page);
          return names.length > 0 && names.every((n) => n.includes(name));
        });
        await page.keyboard.press('Escape');
        await page.keyboard.press('Escape');
        await page.getByRole('button', { name: 'Name' }).click();
        await eventually('the last name is first', async () => (await onScreen(page))[0] > name);
        await page.getByRole('button', { name: 'Name' }).click();
        await eventually('the first is first again', async () => (await onScreen(page))[3] === name);
      });

      await t.test('is grouped, and opens one; back keeps the place', async () => {
        await page.getByRole('combobox', { name: 'Group' }).selectOption({ label: 'Tag' });
        await page.locator('th[scope=rowgroup]').first().waitFor();
        await scrollTo(page, 0.4);
        await drawn(page, 'rows are drawn in the groups');
        // Rows may still settle when the machine is busy: what is clicked is what stands there then.
        let before, name;
        await eventually('a row in the middle is opened', async () => {
          if (new URL(page.url()).pathname.startsWith('/r/')) return true; // a click that was slow to be answered
          before = await place(page);
          name = (await onScreen(page)).filter(Boolean)[5];
          const link = page.getByRole('link', { name, exact: true }).first();
          return link.click({ timeout: 3000 }).then(
            () => true,
            () => false,
          );
        });
        await page.getByRole('heading', { name, level: 1 }).waitFor();
        await page.goBack();
        await eventually('the same rows are there', async () => (await onScreen(page)).includes(name));
        const { top } = await place(page);
        assert.ok(Math.abs(top - before.top) < 200, `the page was at ${before.top} and is at ${top}`);
        await soon(async () => assert.match(page.url(), /group=tag/));
      });

      await t.test('does not move under the pointer while it lives', async () => {
        await page.goto('/workloads?sort=-cpu');
        // The numbers that the order reads come after the names.
        await eventually('the busiest are first', async () => {
          const shares = await rows(page).locator('td:has([title*="%"])').allInnerTexts();
          return shares.length > 0 && Number.parseFloat(shares[0]) > 50;
        });
        await rows(page).nth(4).hover();
        const order = await onScreen(page);
        const cell = rows(page).nth(4).locator('td').filter({ hasText: '%' }).first();
        const before = await cell.innerText();
        await eventually('a value changes', async () => (await cell.innerText()) !== before);
        const resort = page.getByRole('button', { name: 'Re-sort' });
        await resort.waitFor();
        assert.deepEqual(await onScreen(page), order, 'no row has moved');
        await resort.click();
        await eventually(
          'they move when asked to',
          async () => (await onScreen(page)).join() !== order.join(),
        );
      });

      await t.test('is there after a reload in the middle', async () => {
        await page.goto('/workloads?q=cpu>1&sort=-memory');
        await drawn(page, 'rows are drawn');
        await scrollTo(page, 0.5);
        await drawn(page, 'rows are drawn in the middle');
        await page.reload();
        await drawn(page, 'rows are drawn after the reload');
        await soon(async () => assert.equal(await filter.inputValue(), 'cpu>1'));
        assert.equal(
          await page.getByRole('columnheader', { name: 'Memory', exact: true }).getAttribute('aria-sort'),
          'descending',
        );
      });

      await t.test('stays when the server starts anew in the middle', async () => {
        await page.goto('/workloads');
        await drawn(page, 'rows are drawn');
        await scrollTo(page, 0.5);
        await drawn(page, 'rows are drawn in the middle');
        const { top } = await place(page);
        await pulse.crash();
        const banner = page.getByRole('status').filter({ hasText: 'Disconnected' });
        await banner.waitFor();
        await drawn(page, 'rows stay');
        await pulse.up();
        await banner.waitFor({ state: 'detached' });
        await drawn(page, 'rows are there again');
        await counted.first().waitFor();
        const after = await place(page);
        assert.ok(Math.abs(after.top - top) < 200, `the page was at ${top} and is at ${after.top}`);
      });
      clean(page);
    } finally {
      await page.context().close();
      await pulse.stop();
    }
  });
}
