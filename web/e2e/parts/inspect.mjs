import assert from 'node:assert/strict';
import path from 'node:path';
import { barriers } from './axe.mjs';
import { fits } from './layout.mjs';
import { screens, themes } from './pages.mjs';

// With a directory in PICTURES every inspected page is written there, to be looked at.
const pictures = process.env.PICTURES;

/** Looks at what is open in both themes and on every screen: it fits, and keeps nobody out. */
export async function inspect(page, name) {
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme });
    for (const [screen, [width, height]] of Object.entries(screens)) {
      await page.setViewportSize({ width, height });
      await fits(page, `${name} at ${width}, ${theme}`);
      assert.deepEqual(await barriers(page), [], `${name} at ${width}, ${theme}`);
      if (pictures) await page.screenshot({ path: path.join(pictures, `${name}-${theme}-${screen}.png`) });
    }
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}
