import type { Virtualizer } from '@tanstack/react-virtual';
import type { Column } from '@/catalog/catalog.ts';
import { partsOf } from '@/filter/group.ts';

export type Rows = Virtualizer<HTMLElement, Element> | undefined;

/** What is drawn of a table, as rows or as cards. */
export interface RowsProps {
  label: string;
  ids: readonly string[];
  columns: readonly Column[];
  virtual: Rows;
  rowHeight: number;
}

/** The lines that are in the page, and how high those before and after would be. */
export function windowOf(ids: readonly string[], virtual: Rows) {
  if (!virtual) return { items: ids.map((line, index) => ({ line, index })), before: 0, after: 0 };
  const items = virtual.getVirtualItems();
  const first = items[0];
  const last = items[items.length - 1];
  const margin = virtual.options.scrollMargin;
  return {
    items: items.map((v) => ({ line: ids[v.index] ?? '', index: v.index })),
    before: first ? first.start - margin : 0,
    after: last ? virtual.getTotalSize() - (last.end - margin) : virtual.getTotalSize(),
  };
}

/** How many are in each group. */
export function sizesOf(lines: readonly string[]): Map<string, number> {
  const sizes = new Map<string, number>();
  for (const line of lines) {
    const { id, group } = partsOf(line);
    if (id !== '' && group !== undefined) sizes.set(group, (sizes.get(group) ?? 0) + 1);
  }
  return sizes;
}

export function GroupName({ name, size }: { name: string; size: number }) {
  return (
    <span>
      {name === '' ? 'In no group' : name} <span className="num text-muted font-normal">{size}</span>
    </span>
  );
}
