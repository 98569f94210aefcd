/** How many pages have room at the bottom of a phone with their names in full. */
const room = 5;

/** The pages at the bottom of a phone, and those behind "More" when there are too many. The alerts are always in reach. */
export function split<T extends { key: string }>(items: readonly T[]): [T[], T[]] {
  if (items.length <= room) return [[...items], []];
  const shown = items.filter((item, i) => i < room - 2 || item.key === 'a');
  return [shown, items.filter((item) => !shown.includes(item))];
}
