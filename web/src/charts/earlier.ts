import type { Window } from '@/api/queries.ts';

const hour = 3_600_000;

/** What charts can be compared with, beside any part that is chosen freely: the word in the address, and how far back it lies. */
export const comparisons = [
  { word: '1', label: 'The time before', back: undefined },
  { word: 'day', label: 'A day before', back: 24 * hour },
  { word: 'week', label: 'A week before', back: 7 * 24 * hour },
] as const;

/** A part as the address tells it; undefined when it is none. */
export function parsePart(text: string): Window | undefined {
  const [, from, to] = /^(\d{12,14})-(\d{12,14})$/.exec(text) ?? [];
  const part = { from: Number(from), to: Number(to) };
  return part.to > part.from ? part : undefined;
}

/** What is compared with when this part shows; undefined when nothing is. */
export function comparedWith(word: string, shown: Window): Window | undefined {
  const known = comparisons.find((c) => c.word === word);
  if (!known) return parsePart(word);
  const back = known.back ?? shown.to - shown.from;
  return { from: shown.from - back, to: shown.to - back };
}
