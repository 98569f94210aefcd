const first = 1_000;
const longest = 30_000;

/** Milliseconds to wait before attempt n (from 0): doubling up to half a minute, with a fifth of jitter either way. */
export function backoff(attempt: number, random: () => number): number {
  const base = Math.min(longest, first * 2 ** Math.min(attempt, 10));
  return Math.round(base * (0.8 + 0.4 * random()));
}
