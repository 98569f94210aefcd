import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { barriers } from './parts/axe.mjs';
import { clean, member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { report } from './parts/fleet.mjs';
import { fits, layoutFaults } from './parts/layout.mjs';
import { looks, pagesOf, screens, themes } from './parts/pages.mjs';
import { comparable, looksAsBefore, scale } from './parts/picture.mjs';
import { Pulse } from './parts/pulse.mjs';

let pulse, fresh, browser, painter, compared;

before(async () => {
  [pulse, fresh, browser] = await Promise.all([Pulse.start(), Pulse.start(), startBrowser()]);
  await pulse.claim();
  const token = await pulse.mint('fleet', 'host-agent:report');
  // The same twice, so that rates are known and none of them depends on when; and nobody is missed before the end.
  for (const round of [0, 0]) await report(pulse, token, round, 1);
  painter = await browser.newPage();
  const page = await openPage(await visitor(browser, pulse, { deviceScaleFactor: scale }));
  await page.goto('/login');
  compared = await comparable(page);
  if (!compared) console.log('SKIP pictures: this browser draws otherwise than the one of the baselines');
});
after(async () => {
  await browser?.close();
  await Promise.all([pulse?.stop(), fresh?.stop()]);
});

/** Looks at what is open on every size of screen, and asks axe on the largest and the smallest. */
async function inspect(page, name, theme) {
  for (const [screen, [width, height]] of Object.entries(screens)) {
    await page.setViewportSize({ width, height });
    await fits(page, `${name} on a ${screen}`);
    if (compared) await looksAsBefore(page, painter, `${name}-${theme}-${screen}`);
    if (screen !== 'tablet') assert.deepEqual(await barriers(page), [], `${name} on a ${screen}`);
  }
  const [width, height] = screens.desktop;
  await page.setViewportSize({ width, height });
}

for (const theme of themes) {
  test(`every page fits every screen and keeps nobody out, ${theme}`, async (t) => {
    const context = await member(browser, pulse, { ...looks(theme, 'desktop'), deviceScaleFactor: scale });
    const page = await openPage(context, { expected: [/404.*resources\/nobody/] });
    for (const { name, open } of pagesOf('lyra')) {
      await t.test(name, async () => {
        await open(page);
        assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), theme);
        await inspect(page, name, theme);
        clean(page);
      });
    }
    await context.close();
  });

  test(`the pages before the login fit too, ${theme}`, async () => {
    const context = await visitor(browser, pulse, { ...looks(theme, 'desktop'), deviceScaleFactor: scale });
    const page = await openPage(context, { expected: [/404.*resources\/nobody/] });
    await page.goto('/login');
    await page.getByLabel('Password').waitFor();
    await inspect(page, 'login', theme);
    await page.goto(`${fresh.url}/setup`);
    await page.getByLabel('Command that prints the token').filter({ hasText: fresh.data }).waitFor();
    await inspect(page, 'wizard', theme);
    await page.getByLabel('Bootstrap token').fill(fresh.bootstrapToken());
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Password again').waitFor();
    await inspect(page, 'account', theme);
    clean(page);
    await context.close();
  });
}

test('the theme follows the system until one is chosen, and the choice stays', async () => {
  const context = await member(browser, pulse, { colorScheme: 'light' });
  const page = await openPage(context, { expected: [/404.*resources\/nobody/] });
  const shown = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  await page.goto('/');
  await page.getByRole('link', { name: 'vega' }).waitFor();
  const light = await shown();
  await page.emulateMedia({ colorScheme: 'dark' });
  await eventually('the page is dark like the system', async () => (await shown()) !== light);
  const dark = await shown();

  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('button', { name: 'Light' }).click();
  await eventually('the page is light as chosen', async () => (await shown()) === light);
  await page.reload();
  await page.getByRole('link', { name: 'vega' }).waitFor();
  assert.equal(await shown(), light, 'the choice outlives a reload');

  await page.getByRole('button', { name: 'Theme' }).click();
  await page.getByRole('button', { name: 'As the system' }).click();
  await eventually('the page is dark like the system again', async () => (await shown()) === dark);
  clean(page);
  await context.close();
});

test('the checks above see what is wrong', async () => {
  const context = await visitor(browser, pulse, { deviceScaleFactor: scale });
  const page = await openPage(context, { expected: [/404.*resources\/nobody/] });
  await page.goto('/login');
  await page.getByLabel('Password').waitFor();
  assert.deepEqual(await page.evaluate(layoutFaults), []);
  await page.evaluate(() => {
    const add = (text, style) => {
      const p = document.createElement('p');
      p.textContent = text;
      Object.assign(p.style, style);
      document.querySelector('main').append(p);
    };
    add('below', { position: 'absolute', top: '20px', left: '20px' });
    add('above', { position: 'absolute', top: '24px', left: '30px' });
    add('wide', { width: '3000px' });
    add('pale', { color: '#777', background: '#888' });
  });
  const faults = (await page.evaluate(layoutFaults)).join('\n');
  assert.match(faults, /“below” and “above” overlap/);
  assert.match(faults, /the page is \d+ wide/);
  assert.match((await barriers(page)).join('\n'), /color-contrast.*pale/);
  if (compared && process.env.UPDATE !== '1') {
    await assert.rejects(looksAsBefore(page, painter, 'login-light-desktop'), /looks different/);
  }
  await context.close();
});
