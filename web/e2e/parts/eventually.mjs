import { setTimeout as pause } from 'node:timers/promises';

/** How long a condition may take to come true on a loaded machine, in milliseconds. */
export const patience = 180_000;

/**
 * Asks until the answer is true and returns it. What the condition throws counts as no, and is told when the time is
 * over.
 */
export async function eventually(what, condition, limit = patience) {
  const deadline = Date.now() + limit;
  let last;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return answer;
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) {
      throw new Error(`not within ${limit / 1000} s: ${what}`, { cause: last });
    }
    await pause(50);
  }
}

/** Makes assertions until they hold: a page shows what was done to it a moment later. The last one that failed is told. */
export function soon(assertions) {
  return eventually('what is asserted holds', async () => {
    await assertions();
    return true;
  });
}
