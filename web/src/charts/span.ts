/** A part of the time axis, in Unix seconds. */
export type Span = readonly [from: number, to: number];

/** A narrower part would hold no point. */
export const narrowest = 10;

/** The widest part that is kept anywhere. */
const widest = 5 * 366 * 86_400;

/** A part that there is: not narrower than points lie, and not after now. */
export function within([from, to]: Span, now: number): Span {
  const width = Math.min(widest, Math.max(narrowest, to - from));
  const middle = (from + to) / 2;
  const end = Math.min(now, middle + width / 2);
  return [end - width, end];
}

/** A part moved by so many seconds. */
export function moved([from, to]: Span, by: number): Span {
  return [from + by, to + by];
}

/** A part that is so many times as wide, with one moment staying where it is on the screen. */
export function scaled([from, to]: Span, factor: number, around = (from + to) / 2): Span {
  return [around - (around - from) * factor, around + (to - around) * factor];
}
