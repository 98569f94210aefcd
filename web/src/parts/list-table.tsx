import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import type { List, ListColumn } from '@/catalog/lists.ts';
import { precise, show } from '@/format/value.ts';
import { Bar } from '@/ui/bar.tsx';
import { cx } from '@/ui/cx.ts';

function right(c: ListColumn): boolean {
  return !['text', 'list', 'bool', 'percent', 'time'].includes(c.format);
}

function ListCell({ column, value }: { column: ListColumn; value: unknown }) {
  const text = show(value, column.format);
  if (column.format !== 'percent' || typeof value !== 'number') return <>{text}</>;
  return (
    <span className="flex min-w-24 items-center gap-2">
      <span className="w-11 shrink-0 text-right">{text}</span>
      <Bar percent={value} className="h-1.5 min-w-8 flex-1" />
    </span>
  );
}

/** A list about a resource. Total is how many rows there are when not all are shown. */
export function ListTable({
  list,
  note,
  footer,
  resources,
}: {
  list: List & { total?: number };
  /** For each row the resource that its first cell leads to. */
  resources?: readonly (string | undefined)[] | undefined;
  note?: ReactNode;
  footer?: ReactNode;
}) {
  const wide = list.columns.length > 4;
  const id = `list-${list.key}`;
  return (
    <section
      aria-labelledby={id}
      className={cx('bg-surface border-line min-w-0 rounded-lg border', wide && 'lg:col-span-2')}
    >
      <h2 id={id} className="border-line flex items-baseline gap-2 border-b px-3 py-2 font-semibold">
        {list.title}{' '}
        <span className="num text-muted text-sm font-normal">{list.total ?? list.rows.length}</span>
      </h2>
      {note}
      <div className="overflow-x-auto" tabIndex={0} role="group" aria-labelledby={id}>
        <table className="num w-full text-sm whitespace-nowrap">
          <thead className="text-muted text-xs">
            <tr>
              {list.columns.map((c) => (
                <th
                  key={c.key}
                  scope="col"
                  className={cx('px-3 py-1.5 font-medium', right(c) ? 'text-right' : 'text-left')}
                >
                  {c.label}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {list.rows.map((row, i) => (
              <tr key={i} className="border-line border-t">
                {list.columns.map((c, n) => (
                  <td
                    key={c.key}
                    title={precise(row[c.key], c.format)}
                    className={cx('max-w-72 truncate px-3 py-1.5', right(c) && 'text-right')}
                  >
                    {n === 0 && resources?.[i] !== undefined ? (
                      <Link to="/r/$id" params={{ id: resources[i] }} className="font-medium hover:underline">
                        <ListCell column={c} value={row[c.key]} />
                      </Link>
                    ) : (
                      <ListCell column={c} value={row[c.key]} />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {footer && <div className="border-line border-t px-3 py-2">{footer}</div>}
    </section>
  );
}
