/** What a day of a guest says, added up. */
export const made = 1;
export const verified = 2;
export const guarded = 4;

/** The days of a guest as SVG paths, one unit a day: those with a backup, those verified, and those that are protected. */
export function dayPaths(days: readonly number[]): { made: string; verified: string; guarded: string } {
  const path = (flag: number, not: number, y: number, h: number) =>
    days.map((d, i) => ((d & flag) !== 0 && (d & not) === 0 ? `M${i} ${y}h.85v${h}h-.85z` : '')).join('');
  return {
    made: path(made, verified, 0, 1),
    verified: path(verified, 0, 0, 1),
    guarded: path(guarded, 0, 0.7, 0.3),
  };
}

/** The same in words: "24 of 30 days, 20 verified, 2 protected". */
export function dayWords(days: readonly number[]): string {
  const count = (flag: number) => days.filter((d) => (d & flag) !== 0).length;
  const words = [`${count(made)} of ${days.length} days`];
  if (count(verified) > 0) words.push(`${count(verified)} verified`);
  if (count(guarded) > 0) words.push(`${count(guarded)} protected`);
  return words.join(', ');
}

/** How long the longest time without a backup was, in whole days, up to today; the days before the first one do not count. */
export function longestGap(days: readonly number[]): number {
  const first = days.findIndex((d) => d > 0);
  if (first < 0) return 0;
  let gap = 0;
  let most = 0;
  for (const d of days.slice(first)) {
    gap = d > 0 ? 0 : gap + 1;
    most = Math.max(most, gap);
  }
  return most;
}
