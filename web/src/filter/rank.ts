/** Something that can be found by typing. */
export interface Findable {
  label: string;
  /** Other words that find it. */
  also?: string;
}

const word = /[\p{L}\p{N}]/u;

/** Whether a word begins at a place of a text. */
function begins(text: string, at: number): boolean {
  return at === 0 || !word.test(text.charAt(at - 1));
}

/** How well a part is found in a text: 0 not at all, 4 as its beginning. */
function quality(text: string, part: string): number {
  if (text === part) return 5;
  if (text.startsWith(part)) return 4;
  for (let at = text.indexOf(part); at >= 0; at = text.indexOf(part, at + 1)) {
    if (begins(text, at)) return 3;
  }
  if (text.includes(part)) return 2;
  return isAbbreviation(text, part) ? 1 : 0;
}

/** Whether the letters of a part are in a text in their order, the first of them where a word begins ("vs1" of "vega-srv1"). */
function isAbbreviation(text: string, part: string): boolean {
  if (part.length < 2) return false;
  for (
    let start = text.indexOf(part.charAt(0));
    start >= 0;
    start = text.indexOf(part.charAt(0), start + 1)
  ) {
    if (!begins(text, start)) continue;
    let at = start;
    let left = 1;
    while (left < part.length && (at = text.indexOf(part.charAt(left), at + 1)) >= 0) left++;
    if (left === part.length) return true;
  }
  return false;
}

/** How well something fits all words of a query; 0 when one of them is not found. */
function score(item: Findable, words: readonly string[]): number {
  const label = item.label.toLowerCase();
  const also = item.also?.toLowerCase() ?? '';
  let sum = 0;
  for (const w of words) {
    const best = Math.max(quality(label, w) * 2, also === '' ? 0 : quality(also, w));
    if (best === 0) return 0;
    sum += best;
  }
  return sum;
}

/** What fits a query, the best first, no more than limit. Those that fit alike keep their order; an empty query fits all. */
export function rank<T extends Findable>(items: readonly T[], query: string, limit: number): T[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return items.slice(0, limit);
  return items
    .map((item) => ({ item, fits: score(item, words) }))
    .filter((x) => x.fits > 0)
    .sort((a, b) => b.fits - a.fits || a.item.label.length - b.item.label.length)
    .slice(0, limit)
    .map((x) => x.item);
}
