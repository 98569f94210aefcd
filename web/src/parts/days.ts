/** What a day of a guest says, added up. */
export const made = 1;
export const verified = 2;
export const guarded = 4;

const week = 7;

/** A day in milliseconds. */
export const dayLength = 86_400_000;

/**
 * The days as SVG paths, one unit a day: those with a backup, those verified, those that are protected, and those on which a
 * backup was missed.
 */
export function dayPaths(
  days: readonly number[],
): Record<'made' | 'verified' | 'guarded' | 'missed', string> {
  const mark = (i: number, y: number, h: number) => `M${i} ${y}h.85v${h}h-.85z`;
  const path = (flag: number, not: number, y: number, h: number) =>
    days.map((d, i) => ((d & flag) !== 0 && (d & not) === 0 ? mark(i, y, h) : '')).join('');
  return {
    made: path(made, verified, 0, 1),
    verified: path(verified, 0, 0, 1),
    guarded: path(guarded, 0, 0.7, 0.3),
    missed: missedDays(days)
      .map((i) => mark(i, 0.35, 0.3))
      .join(''),
  };
}

/** The same in words: "24 of 30 days, 20 verified, 2 protected, 1 missed". */
export function dayWords(days: readonly number[]): string {
  const count = (flag: number) => days.filter((d) => (d & flag) !== 0).length;
  const words = [`${count(made)} of ${days.length} days`];
  if (count(verified) > 0) words.push(`${count(verified)} verified`);
  if (count(guarded) > 0) words.push(`${count(guarded)} protected`);
  const missed = missedDays(days).length;
  if (missed > 0) words.push(`${missed} missed`);
  return words.join(', ');
}

/** One day in words. */
export function oneDay(days: readonly number[], i: number): string {
  const d = days[i] ?? 0;
  if (d === 0) return missedDays(days).includes(i) ? 'missed' : 'no backup';
  return ['backup', (d & verified) !== 0 && 'verified', (d & guarded) !== 0 && 'protected']
    .filter(Boolean)
    .join(', ');
}

/** The number in the middle of a list. */
function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
}

/**
 * The days on which a backup was missed, going by the guest's own rhythm: the usual time between two backups, and the days of
 * the week on which there never is one. The last day may yet bring its backup.
 */
export function missedDays(days: readonly number[]): number[] {
  const on = days.flatMap((d, i) => (d > 0 ? [i] : []));
  const first = on[0];
  if (first === undefined || on.length < 3) return [];
  const usual = median(on.slice(1).map((day, i) => day - (on[i] ?? 0)));
  const missed: number[] = [];
  [...on.slice(1), days.length - 1].forEach((until, i) => {
    for (let day = (on[i] ?? 0) + usual; day < until; day += usual) missed.push(day);
  });
  return missed.filter((day) => !rests(days, first, day));
}

/** Whether no such day of the week has a backup, of two at least. */
function rests(days: readonly number[], first: number, day: number): boolean {
  const same = days.filter((_, i) => i >= first && i % week === day % week);
  return same.length > 1 && same.every((d) => d === 0);
}
