import { ArrowDown, ArrowUp } from 'lucide-react';
import type { ReactNode } from 'react';
import type { Column } from '@/catalog/catalog.ts';
import type { Sort } from '@/filter/sort.ts';
import { cx } from '@/ui/cx.ts';
import { isNumeric, largestFirst, trendColumn } from './columns.ts';

/** The head of a column; where rows can be sorted, a press sorts by it. */
export function Head({
  column,
  sort,
  onSort,
}: {
  column: Column;
  sort: Sort;
  onSort: ((s: Sort) => void) | undefined;
}) {
  const trend = column.name === trendColumn;
  const active = onSort !== undefined && sort.column === column.name;
  const right = isNumeric(column);
  const text: ReactNode = column.label;
  const Arrow = sort.descending ? ArrowDown : ArrowUp;
  return (
    <th
      scope="col"
      data-trend={trend || undefined}
      aria-sort={active ? (sort.descending ? 'descending' : 'ascending') : undefined}
      className={cx(
        'bg-surface border-line sticky top-0 z-[1] h-8 border-b px-3 font-medium',
        right ? 'text-right' : 'text-left',
      )}
    >
      {onSort && !trend ? (
        <button
          type="button"
          onClick={() =>
            onSort({ column: column.name, descending: active ? !sort.descending : largestFirst(column) })
          }
          className={cx('hover:text-text inline-flex items-center gap-1', active && 'text-text')}
        >
          {text}
          {active && <Arrow size={12} aria-hidden />}
        </button>
      ) : (
        text
      )}
    </th>
  );
}
