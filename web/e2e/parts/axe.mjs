import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const source = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds on the page that keeps people out, in words. */
export async function barriers(page) {
  await page.evaluate(source);
  const { violations } = await page.evaluate(async () => {
    // Colours between two themes are nobody's choice: what moves comes to its end first.
    const moving = document
      .getAnimations()
      .filter((a) => a.playState === 'running' && Number.isFinite(a.effect.getComputedTiming().endTime))
      // What lies in a closed part of the page stands still until it is opened.
      .filter((a) => a.effect.target.checkVisibility());
    const enough = new Promise((done) => window.setTimeout(done, 10_000));
    await Promise.race([Promise.allSettled(moving.map((a) => a.finished)), enough]);
    return window.axe.run({ resultTypes: ['violations'] });
  });
  return violations
    .filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => `${n.html} ${n.failureSummary}`).join('; ')}`);
}
