import { Link, useNavigate } from '@tanstack/react-router';
import { memo } from 'react';
import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { useResource, useResourceType } from '@/live/hooks.ts';
import { Mark } from '@/parts/mark.tsx';
import { cx } from '@/ui/cx.ts';
import { Cell, StatusCell } from './cell.tsx';
import { hasBar, isNumeric, nameColumn, statusColumn } from './columns.ts';

interface RowProps {
  id: string;
  index: number;
  columns: readonly Column[];
  /** Whether it is chosen; undefined where rows cannot be. */
  chosen?: boolean | undefined;
  /** Chooses it or gives it up; to includes all from the last one that was chosen. */
  onChoose?: ((id: string, to: boolean) => void) | undefined;
}

/** One resource as a row of a table. */
export const Row = memo(function Row({ id, index, columns, chosen, onChoose }: RowProps) {
  const resource = useResource(id);
  const type = useResourceType(resource?.type);
  const navigate = useNavigate();
  if (!resource || !type) return null;
  const dim = resource.status === 'stale';
  return (
    <tr
      data-index={index}
      data-id={id}
      aria-rowindex={index + 2}
      aria-selected={chosen}
      className={cx(
        'group/row [&>*]:border-line hover:bg-hover focus-within:bg-selected h-(--row) cursor-pointer [&>*]:border-b last:[&>*]:border-b-0',
        dim && 'hatched',
        chosen && 'bg-selected',
      )}
      onClick={(e) => {
        const selecting = getSelection()?.isCollapsed === false;
        if (selecting || (e.target as Element).closest('a, [data-choose]')) return;
        void navigate({ to: '/r/$id', params: { id } });
      }}
    >
      {columns.map((c) =>
        c.name === nameColumn ? (
          <th key={c.name} scope="row" className="overflow-hidden px-3 text-left font-medium">
            <span className="flex items-center gap-2">
              {onChoose && (
                <input
                  type="checkbox"
                  data-choose
                  tabIndex={-1}
                  aria-label={`Select ${resource.name}`}
                  checked={chosen ?? false}
                  readOnly
                  onClick={(e) => onChoose(id, e.shiftKey)}
                  className={cx(
                    'accent-accent size-4 shrink-0',
                    !chosen && 'opacity-35 group-focus-within/row:opacity-100 group-hover/row:opacity-100',
                  )}
                />
              )}
              <Link to="/r/$id" params={{ id }} className="flex min-w-0 flex-1 items-center gap-2">
                <Mark status={resource.status} />
                <span className="truncate" title={resource.name}>
                  {resource.name}
                </span>
              </Link>
            </span>
          </th>
        ) : (
          <td key={c.name} className={cx('truncate px-3', isNumeric(c) && 'text-right', dim && 'text-muted')}>
            <Cell resource={resource} type={type} column={c} />
          </td>
        ),
      )}
    </tr>
  );
});

/** What a card has room for: shares with bars first, then other numbers, then words; only what the type has. */
function cardColumns(type: ResourceType, columns: readonly Column[]): Column[] {
  const said = [nameColumn, statusColumn];
  const own = columns.filter((c) => !said.includes(c.name) && type.columns.some((t) => t.name === c.name));
  const rank = (c: Column) => (hasBar(c) ? 0 : isNumeric(c) ? 1 : 2);
  return own.sort((a, b) => rank(a) - rank(b)).slice(0, 3);
}

/** One resource as a card of two lines, for narrow screens. */
export const Card = memo(function Card({ id, index, columns }: RowProps) {
  const resource = useResource(id);
  const type = useResourceType(resource?.type);
  if (!resource || !type) return null;
  const shown = cardColumns(type, columns);
  return (
    <Link
      to="/r/$id"
      params={{ id }}
      data-index={index}
      className={cx(
        'border-line active:bg-hover flex h-(--card) flex-col justify-center gap-1.5 border-b px-3',
        resource.status === 'stale' && 'hatched',
      )}
    >
      <span className="flex items-center justify-between gap-3">
        <span className="flex min-w-0 items-center gap-2 font-medium">
          <Mark status={resource.status} />
          <span className="truncate">{resource.name}</span>
        </span>
        <span className="shrink-0 text-sm">
          <StatusCell resource={resource} />
        </span>
      </span>
      <span className="text-muted grid grid-cols-3 gap-4 text-xs">
        {shown.map((c) => (
          <span key={c.name} className="flex min-w-0 flex-col gap-0.5">
            <span>{c.label}</span>
            <span className="text-text [&_.num]:text-left">
              <Cell resource={resource} type={type} column={c} />
            </span>
          </span>
        ))}
      </span>
    </Link>
  );
});
