/** A key that a filter may use. */
export interface Key {
  name: string;
  label: string;
  /** Whether its values are compared as numbers, or looked for as words. */
  compared: boolean;
}

/** What may stand where one types. */
export interface Suggestion {
  /** The term as it would be. */
  text: string;
  /** What it means, in words. */
  hint: string;
  /** Whether the term is whole, so that the next one may follow. */
  whole: boolean;
}

/** The term that one types: where it is, whether it is turned around, and its parts. */
export interface Typed {
  from: number;
  to: number;
  not: boolean;
  key: string;
  /** Empty while the key itself is typed. */
  op: '' | ':' | '>' | '<';
  value: string;
}

/** The term around a place of a filter; spaces in quotes belong to it. */
export function typedAt(input: string, caret: number): Typed {
  for (const match of input.matchAll(/(?:[^\s"]|"[^"]*"?)+/g)) {
    const from = match.index;
    const to = from + match[0].length;
    if (caret < from || caret > to) continue;
    const body = match[0].replace(/^-/, '');
    const parts = /^([a-z][\w.-]*)([:<>])(.*)$/i.exec(body);
    return {
      from,
      to,
      not: match[0].startsWith('-'),
      key: (parts?.[1] ?? body).toLowerCase(),
      op: (parts?.[2] ?? '') as Typed['op'],
      value: (parts?.[3] ?? '').replaceAll('"', ''),
    };
  }
  return { from: caret, to: caret, not: false, key: '', op: '', value: '' };
}

const most = 8;

function quoted(value: string): string {
  return /[\s"]/.test(value) ? `"${value.replaceAll('"', '')}"` : value;
}

/** What begins with a text, then what holds it. */
function fitting<T>(all: readonly T[], of: (item: T) => string, part: string): T[] {
  const begins = all.filter((item) => of(item).toLowerCase().startsWith(part));
  const holds = all.filter((item) => !begins.includes(item) && of(item).toLowerCase().includes(part));
  return [...begins, ...holds];
}

/** What could stand in the place of the term that one types. Values are those of the key that is typed. */
export function suggest(typed: Typed, keys: readonly Key[], values: readonly string[]): Suggestion[] {
  const minus = typed.not ? '-' : '';
  if (typed.op === '') {
    return fitting(keys, (k) => k.name, typed.key)
      .slice(0, most)
      .map((k) => ({
        text: `${minus}${k.name}${k.compared ? '>' : ':'}`,
        hint: k.compared ? `${k.label}, over or under (<) a number` : k.label,
        whole: false,
      }));
  }
  if (typed.op !== ':') return [];
  const part = typed.value.toLowerCase();
  return fitting(values, (v) => v, part)
    .filter((v) => v.toLowerCase() !== part)
    .slice(0, most)
    .map((v) => ({ text: `${minus}${typed.key}:${quoted(v)}`, hint: '', whole: true }));
}

/** The filter with a suggestion taken, and where the caret stands then. */
export function take(input: string, typed: Typed, taken: Suggestion): { input: string; caret: number } {
  const rest = input.slice(typed.to);
  const gap = taken.whole && !rest.startsWith(' ') ? ' ' : '';
  const before = input.slice(0, typed.from) + taken.text + gap;
  return { input: before + rest, caret: before.length + (taken.whole && gap === '' ? 1 : 0) };
}
