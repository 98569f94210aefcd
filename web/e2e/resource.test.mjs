import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { clean, member, openPage, startBrowser } from './parts/browser.mjs';
import { eventually, soon } from './parts/eventually.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, browser, page, id;

before(async () => {
  [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  await pulse.claim();
  pulse.startAgent();
  await eventually('the agent reported', async () => (id = (await pulse.hosts())[0]?.id));
  page = await openPage(await member(browser, pulse));
});
after(async () => {
  await browser?.close();
  await pulse?.stop();
});

/** How many pixels of each plot's canvas are of a colour that the grid and the text do not have. */
function colouredPixels() {
  return page.locator('figure canvas').evaluateAll((all) =>
    all.map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      let coloured = 0;
      for (let i = 0; i < data.length; i += 4) {
        const [r, g, b, alpha] = data.subarray(i, i + 4);
        if (alpha > 0 && Math.max(r, g, b) - Math.min(r, g, b) > 40) coloured++;
      }
      return coloured;
    }),
  );
}

test('the page of a machine shows how it is, how it was and what it is', async () => {
  await page.goto(`/r/${id}`);
  await page.getByRole('heading', { name: 'atlas', level: 1 }).waitFor();
  for (const gauge of ['CPU', 'Memory', 'Disk', 'Uptime']) {
    const value = page
      .locator('dt', { hasText: new RegExp(`^${gauge}$`) })
      .first()
      .locator('+ dd');
    await soon(async () => assert.match(await value.innerText(), /\d/, `${gauge} has a value`));
  }
  for (const fact of ['Host name', 'Kernel', 'Architecture', 'Logical CPUs', 'Agent version']) {
    const value = page.locator('dt', { hasText: new RegExp(`^${fact}$`) }).locator('+ dd');
    await soon(async () => assert.match(await value.innerText(), /\S/, `${fact} is known`));
  }
  await page.getByRole('heading', { name: /^File systems/, level: 2 }).waitFor();
  clean(page);
});

test('the charts are drawn, and go on with the next reports', async () => {
  await page.goto(`/r/${id}?range=5m`);
  const charts = page.getByRole('region', { name: 'Charts' });
  for (const title of ['CPU', 'Memory', 'Network']) {
    await charts.getByRole('heading', { name: title, exact: true }).waitFor();
  }
  await eventually('every plot has a line', async () => {
    const drawn = await colouredPixels();
    return drawn.length >= 4 && drawn.every((n) => n > 3);
  });
  const sum = async () => (await colouredPixels()).reduce((a, b) => a + b, 0);
  const before = await sum();
  await eventually('the lines grow', async () => (await sum()) !== before);
  clean(page);
});

test('another range loads, and the address tells it', async () => {
  await page.goto(`/r/${id}`);
  const range = page.getByRole('group', { name: 'Range of the charts' });
  const chosen = range.locator('[aria-pressed=true]');
  await soon(async () => assert.equal(await chosen.innerText(), '1h'));
  const asked = page.waitForRequest(/range=24h/);
  await range.getByRole('button', { name: '24h' }).click();
  await asked;
  await soon(async () => assert.equal(new URL(page.url()).searchParams.get('range'), '24h'));
  await eventually('the lines are drawn', async () => (await colouredPixels()).some((n) => n > 0));
  await page.reload();
  await range.waitFor();
  await soon(async () => assert.equal(await chosen.innerText(), '24h'));
  await page.goto(`/r/${id}?range=forever`);
  await eventually(
    'a range that does not exist is the default',
    async () => (await chosen.innerText()) === '1h',
  );
  clean(page);
});

test('an id that nobody has and a page that does not exist say so', async () => {
  page.expected.push(/status of 404/);
  await page.goto('/r/nobody');
  await page.getByRole('heading', { name: 'There is no such resource' }).waitFor();
  await page.getByRole('link', { name: 'Go to infrastructure' }).click();
  await page.getByRole('link', { name: 'atlas' }).waitFor();
  await page.goto('/nothing/of/the/kind');
  await page.getByRole('heading', { name: 'There is no such page' }).waitFor();
  await page.goto('/gardening');
  await page.getByRole('heading', { name: /There is no section/ }).waitFor();
  clean(page);
});
