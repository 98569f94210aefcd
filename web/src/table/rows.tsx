import { Link, useNavigate } from '@tanstack/react-router';
import { memo } from 'react';
import type { Column } from '@/catalog/catalog.ts';
import { useResource, useResourceType } from '@/live/hooks.ts';
import { Mark } from '@/parts/mark.tsx';
import { Whose } from '@/parts/whose.tsx';
import { cx } from '@/ui/cx.ts';
import { Cell } from './cell.tsx';
import { isNumeric, nameColumn } from './columns.ts';

/** What a row shows, as a line of a table or as a card. */
export interface RowProps {
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
                <Whose id={id} className="max-w-1/2 shrink-0 truncate" />
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
