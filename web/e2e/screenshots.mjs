// Writes the pictures that the README shows into a directory, docs/img unless another is named. With --all every page
// is written, in both themes and at three sizes of screen, to be looked at.
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { member, openPage, startBrowser, visitor } from './parts/browser.mjs';
import { eventually } from './parts/eventually.mjs';
import { report, wave } from './parts/fleet.mjs';
import { looks, pagesOf, screens, themes } from './parts/pages.mjs';
import { missing } from './parts/processes.mjs';
import { Pulse } from './parts/pulse.mjs';

const words = process.argv.slice(2);
const all = words.includes('--all');
const dir = path.resolve(
  words.find((w) => !w.startsWith('--')) ?? path.join(import.meta.dirname, '../../docs/img'),
);

async function shoot(page, name) {
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(dir, `${name}.png`), animations: 'disabled' });
  console.log(path.join(dir, `${name}.png`));
}

/**
 * Gives lines the hour that the invented fleet would have had: its reports come from seconds, and nothing but the line is
 * drawn from it.
 */
async function withAnHour(page) {
  await page.route(/\/api\/v2\/sparklines$/, async (route) => {
    const { lines } = route.request().postDataJSON();
    const answer = await route.fetch();
    const { lines: found } = await answer.json();
    const filled = found.map((values, i) => {
      const last = values?.findLast((v) => v !== null) ?? 0;
      const before = (n) => last * (1 + 0.25 * wave({ name: lines[i].id }, n, 0.31));
      return values && values.map((v, n) => v ?? before(n));
    });
    await route.fulfill({ response: answer, json: { lines: filled } });
  });
}

/** The pictures of the README: the table of machines in both themes. */
async function forReadme(browser, pulse) {
  for (const theme of themes) {
    const context = await member(browser, pulse, {
      ...looks(theme, 'desktop'),
      viewport: { width: 1440, height: 540 },
      deviceScaleFactor: 2,
    });
    const page = await openPage(context);
    await withAnHour(page);
    const lines = page.waitForResponse(/sparklines$/);
    await page.goto('/infrastructure');
    await eventually('rates are known', async () => /bit\/s/.test(await page.locator('tbody').innerText()));
    await lines;
    await pause(500); // they are drawn
    await shoot(page, `infrastructure-${theme}`);
    await context.close();
  }
}

async function everything(browser, pulse) {
  for (const theme of themes) {
    for (const screen of Object.keys(screens)) {
      const guest = await visitor(browser, pulse, looks(theme, screen));
      const login = await openPage(guest);
      await login.goto('/login');
      await login.getByLabel('Password').waitFor();
      await shoot(login, `login-${theme}-${screen}`);
      await guest.close();

      const context = await member(browser, pulse, looks(theme, screen));
      for (const { name, open } of pagesOf('lyra')) {
        const page = await openPage(context);
        await open(page);
        await shoot(page, `${name}-${theme}-${screen}`);
        await page.close();
      }
      await context.close();
    }
  }
}

async function wizard(browser, pulse) {
  for (const theme of themes) {
    const context = await visitor(browser, pulse, looks(theme, 'desktop'));
    const page = await openPage(context);
    await page.goto('/setup');
    await page.getByLabel('Bootstrap token').fill(pulse.bootstrapToken());
    await shoot(page, `wizard-${theme}-desktop`);
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByLabel('Password again').waitFor();
    await shoot(page, `account-${theme}-desktop`);
    await context.close();
  }
}

async function main() {
  const lack = missing();
  if (lack) throw new Error(lack);
  await mkdir(dir, { recursive: true });
  const [pulse, browser] = await Promise.all([Pulse.start(), startBrowser()]);
  try {
    if (all) await wizard(browser, pulse);
    await pulse.claim();
    const token = await pulse.mint('fleet', 'host-agent:report');
    // Rates and lines need reports over some time.
    const rounds = all ? 20 : 6;
    for (let round = 0; round < rounds; round++) {
      await report(pulse, token, round, 1);
      await pause(1000);
    }
    await (all ? everything : forReadme)(browser, pulse);
  } finally {
    await browser.close();
    await pulse.stop();
  }
}

await main();
