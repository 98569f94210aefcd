import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { fleet, report } from './parts/fleet.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, context, page;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  pulse.startAgent();
  const token = await pulse.mint('fleet', 'host-agent:report');
  await report(pulse, token, 0, 30);
  context = await member(browser, pulse);
  page = await openPage(context);
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

const row = (name) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) });

/** Waits until a cell says something else, and returns what it said before and what after. */
async function changes(cell) {
  const exact = async () => (await cell.locator('[title]').first().getAttribute('title')) ?? '';
  await eventually('the cell has a value', async () => /\d/.test(await exact()));
  const before = await exact();
  await eventually(`the cell changes from ${before}`, async () => (await exact()) !== before);
}

for (const where of ['/', '/infrastructure']) {
  test(`${where} shows this machine live`, async () => {
    await page.goto(where);
    await page.evaluate(() => (window.loadedOnce = true));
    const heads = page.getByRole('columnheader');
    await row('atlas').waitFor();
    const cpu = (await heads.allInnerTexts()).indexOf('CPU');
    assert.ok(cpu > 0, 'there is a column CPU');
    await changes(
      row('atlas')
        .getByRole('cell')
        .nth(cpu - 1),
    );
    assert.equal(await page.evaluate(() => window.loadedOnce), true, 'the page was not loaded again');
    clean(page);
  });
}

test('the filter finds by word, key and bound, and an empty answer can be cleared', async () => {
  await page.goto('/infrastructure');
  const names = page.getByRole('rowheader');
  const all = fleet.length + 1;
  const filter = page.getByRole('combobox', { name: 'Filter' });
  const finds = async (query, wanted) => {
    await filter.fill(query);
    await eventually(`${query} finds ${wanted}`, async () => {
      const found = await names.allInnerTexts();
      return (
        found
          .map((n) => n.trim())
          .sort()
          .join() === wanted
      );
    });
  };
  await eventually('all machines are there', async () => (await names.count()) === all);
  await finds('lyr', 'lyra');
  await finds('tag:lab', 'sirius,vega');
  await finds('os:ubuntu', 'lyra,sirius');
  await finds('mem>85', 'rigel');
  await finds('tag:prod -tag:web cpu<50', 'mira,polaris,rigel');
  await page.reload();
  await eventually('a reload keeps the filter', async () => (await names.count()) === 3);

  await filter.fill('nowhere');
  await page.getByRole('heading', { name: 'Nothing passes the filter' }).waitFor();
  await page.getByRole('button', { name: 'Clear the filter' }).last().click();
  await eventually('clearing shows all', async () => (await names.count()) === all);
  await soon(async () => assert.equal(await filter.inputValue(), ''));
  await soon(async () => assert.equal(new URL(page.url()).search, ''));

  await filter.fill('colour:red atlas');
  await page.getByText('Not understood and left out: colour:red').waitFor();
  await soon(async () => assert.equal(await names.count(), 1));
  clean(page);
});

test('columns sort, and the address tells how', async () => {
  await page.goto('/infrastructure?q=tag:prod');
  const names = async () => (await page.getByRole('rowheader').allInnerTexts()).map((n) => n.trim());
  await page.getByRole('button', { name: 'Memory' }).click();
  await eventually('the fullest memory is first', async () => (await names())[0] === 'rigel');
  await eventually('the address tells', () => /sort=-memory/.test(page.url()));
  assert.equal(
    await page.getByRole('columnheader', { name: 'Memory', exact: true }).getAttribute('aria-sort'),
    'descending',
  );
  await page.getByRole('button', { name: 'Memory' }).click();
  await eventually('the emptiest memory is first', async () => (await names())[0] === 'polaris');
  clean(page);
});

test('states are filters on both pages', async () => {
  await page.goto('/infrastructure');
  const fine = page.getByRole('group', { name: 'Filter by state' }).getByRole('button', { name: /fine/ });
  await fine.click();
  await eventually('the filter says so', () => /status:fine/.test(page.url()));
  await soon(async () => assert.equal(await fine.getAttribute('aria-pressed'), 'true'));
  await soon(async () => assert.equal(await page.getByRole('rowheader').count(), fleet.length + 1));
  await page.getByRole('combobox', { name: 'Filter' }).fill('status:down');
  await page.getByRole('heading', { name: 'Nothing passes the filter' }).waitFor();

  await page.goto('/?status=down');
  await page.getByRole('heading', { name: 'Nothing is down' }).waitFor();
  await page.getByRole('button', { name: 'Show everything' }).click();
  await row('atlas').waitFor();
  clean(page);
});

test('a row opens its machine, and back keeps the filter', async () => {
  await page.goto('/infrastructure?q=vega');
  await row('vega').getByRole('cell').first().click();
  await page.getByRole('heading', { name: 'vega', level: 1 }).waitFor();
  await page.goBack();
  await row('vega').waitFor();
  await soon(async () =>
    assert.equal(await page.getByRole('combobox', { name: 'Filter' }).inputValue(), 'vega'),
  );
  await soon(async () => assert.equal(await page.getByRole('rowheader').count(), 1));
  clean(page);
});
