import { useVirtualizer } from '@tanstack/react-virtual';
import { useCallback, useEffect, useMemo, useRef, useState } from 'react';
import type { Column } from '@/catalog/catalog.ts';
import { partsOf } from '@/filter/group.ts';
import { sameList, type Sort } from '@/filter/sort.ts';
import { Button } from '@/ui/button.tsx';
import { useKeys } from '@/ui/keys.ts';
import { useWidth } from '@/ui/width.ts';
import { fitting, nameColumn, trendColumn, trendFor, widthOf } from './columns.ts';
import { Head } from './head.tsx';
import { heldOrder } from './held.ts';
import { cardHeight, CardList } from './cards.tsx';
import { GroupName, sizesOf, windowOf, type Rows, type RowsProps } from './lines.tsx';
import { Row } from './rows.tsx';
import { TrendLayer } from './trend.tsx';

/** Below this width rows become cards. */
const cardWidth = 560;
/** The height of a table's head. */
const headHeight = 32;
/** Up to this many rows all are in the page, so that the browser's own search finds them; of cards, which are larger, fewer. */
const virtualFrom = 100;
const virtualCardsFrom = 40;

export interface ResourceTableProps {
  label: string;
  /** In the order that the sort asks for, under the heads of groups when they are grouped. */
  ids: readonly string[];
  /** What the rows are grouped by. */
  group?: string;
  /** Says which columns have no room. */
  tellHidden?: boolean;
  columns: readonly Column[];
  sort: Sort;
  /** Without it the columns cannot be sorted by. */
  onSort?: (sort: Sort) => void;
  compact?: boolean;
  /** What the order reads is yet to come. Rows are not held in an order that was never right. */
  pending?: boolean;
  /** The rows that are chosen. Without it none can be. */
  chosen?: ReadonlySet<string>;
  onChoose?: (ids: readonly string[], on: boolean) => void;
  /** A tap on a card chooses it, also while none is. */
  choosing?: boolean;
}

/** Live rows that do not move under the pointer. */
export function ResourceTable({
  label,
  ids,
  columns,
  sort,
  onSort,
  compact,
  pending,
  group,
  tellHidden,
  chosen,
  onChoose,
  choosing,
}: ResourceTableProps) {
  const frame = useRef<HTMLDivElement>(null);
  const width = useWidth(frame);
  const cards = width !== undefined && width < cardWidth;
  const rowHeight = cards ? cardHeight : compact ? 32 : 40;
  const [held, hold] = useHeld(ids, `${sort.column}/${sort.descending}/${pending ?? false}/${group ?? ''}`);
  const shownColumns = useMemo(() => fitting(columns, width ?? 1200), [columns, width]);
  const virtual = useRows(frame, held.length, rowHeight, cards ? virtualCardsFrom : virtualFrom);
  const choose = useChoose(held, chosen, onChoose);
  useRowKeys(frame, held, virtual, choose);

  const hidden = tellHidden && !cards ? columns.filter((c) => !shownColumns.includes(c)) : [];
  const moved = held !== ids && !sameList(held, ids);
  const rows = { ids: held, columns: shownColumns, virtual, rowHeight };
  return (
    <div
      ref={frame}
      className="relative"
      onPointerEnter={(e) => e.pointerType === 'mouse' && hold(true)}
      onPointerLeave={() => hold(false)}
    >
      {moved && (
        // It stays over the table's head when the rows are scrolled, so it never lies over one.
        <div className="sticky top-9 z-10 h-0">
          <Button small className="absolute -top-9 right-0 mt-0.5" onClick={() => hold('sort')}>
            Re-sort
          </Button>
        </div>
      )}
      <div className="bg-surface border-line relative overflow-clip rounded-lg border">
        {cards ? (
          <CardList
            label={label}
            {...rows}
            columns={columns}
            sorted={sort.column}
            chosen={chosen}
            onChoose={choose}
            choosing={choosing ?? false}
          />
        ) : (
          <TableOfRows
            label={label}
            sort={sort}
            onSort={onSort}
            chosen={chosen}
            onChoose={choose}
            {...rows}
          />
        )}
      </div>
      {hidden.length > 0 && (
        <p className="text-muted mt-1 text-xs">No room for {hidden.map((c) => c.label).join(', ')}.</p>
      )}
    </div>
  );
}

/** Only what is near the viewport is in the page when there are many rows. */
function useRows(
  frame: React.RefObject<HTMLElement | null>,
  count: number,
  size: number,
  from: number,
): Rows {
  // The rows scroll with the page, which is the main element.
  const many = count > from;
  // eslint-disable-next-line react-hooks/incompatible-library -- its functions are called here only, never handed on
  const virtualizer = useVirtualizer<HTMLElement, Element>({
    count: many ? count : 0,
    getScrollElement: () => frame.current?.closest('main') ?? null,
    estimateSize: () => size,
    scrollMargin: frame.current?.offsetTop ?? 0,
    overscan: 8,
    enabled: many,
  });
  return many ? virtualizer : undefined;
}

type Choose = (id: string, to: boolean) => void;

/** Chooses a row or gives it up, or all from the last one to it; undefined where rows cannot be chosen. */
function useChoose(
  lines: readonly string[],
  chosen: ReadonlySet<string> | undefined,
  onChoose: ResourceTableProps['onChoose'],
): Choose | undefined {
  const last = useRef<string>(undefined);
  const latest = useRef({ lines, chosen, onChoose });
  useEffect(() => {
    latest.current = { lines, chosen, onChoose };
  });
  // The same function always, so that rows that did not change are not drawn anew.
  const choose = useCallback<Choose>((id, to) => {
    const now = latest.current;
    const ids = now.lines.map((line) => partsOf(line).id);
    const from = to ? ids.indexOf(last.current ?? '') : -1;
    const at = ids.indexOf(id);
    const range = from < 0 ? [id] : ids.slice(Math.min(from, at), Math.max(from, at) + 1);
    last.current = id;
    now.onChoose?.(range.filter(Boolean), from >= 0 || !now.chosen?.has(id));
  }, []);
  return onChoose && choose;
}

/** j and k move through the rows, x and the space bar choose one; Enter follows the focused link by itself. */
function useRowKeys(
  frame: React.RefObject<HTMLElement | null>,
  lines: readonly string[],
  virtual: Rows,
  choose: Choose | undefined,
): void {
  const count = lines.length;
  function move(by: number) {
    const active = document.activeElement?.closest('[data-index]');
    const inside = active && frame.current?.contains(active);
    if (!inside && document.activeElement?.closest('[data-index]')) return false;
    const from = inside ? Number(active.getAttribute('data-index')) : by > 0 ? -1 : 0;
    let to = Math.min(count - 1, Math.max(0, from + by));
    // The heads of groups are passed over.
    while (lines[to] !== undefined && partsOf(lines[to] ?? '').id === '') to += by;
    if (lines[to] === undefined) return false;
    virtual?.scrollToIndex(to);
    requestAnimationFrame(() => {
      const row = frame.current?.querySelector<HTMLElement>(`[data-index="${to}"]`);
      const link = row?.matches('a') ? row : row?.querySelector('a');
      link?.focus();
      link?.scrollIntoView({ block: 'nearest' });
    });
    return true;
  }
  function chooseFocused(to: boolean) {
    const row = document.activeElement?.closest<HTMLElement>('[data-id]');
    if (!choose || !row || !frame.current?.contains(row)) return false;
    choose(row.dataset.id ?? '', to);
    return true;
  }
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    x: () => chooseFocused(false),
    ' ': () => chooseFocused(false),
    X: () => chooseFocused(true),
  });
}

/** Keeps the order while the pointer is over the rows; 'sort' gives it up once. */
function useHeld(ids: readonly string[], key: string): [readonly string[], (how: boolean | 'sort') => void] {
  const [holding, setHolding] = useState(false);
  const [base, setBase] = useState({ ids, key });
  if (base.ids !== ids && (!holding || base.key !== key)) setBase({ ids, key });
  const shown = useMemo(
    () => (holding && base.key === key ? heldOrder(base.ids, ids) : ids),
    [holding, base, ids, key],
  );
  return [
    shown,
    (how) => {
      if (how === 'sort') setBase({ ids, key });
      else setHolding(how);
    },
  ];
}

function Spacer({ height, span }: { height: number; span: number }) {
  if (height <= 0) return null;
  return (
    <tr aria-hidden>
      <td colSpan={span} style={{ height }} />
    </tr>
  );
}

function TableOfRows({
  label,
  ids,
  columns,
  virtual,
  rowHeight,
  sort,
  onSort,
  chosen,
  onChoose,
}: RowsProps & {
  sort: Sort;
  onSort: ((s: Sort) => void) | undefined;
  chosen: ReadonlySet<string> | undefined;
  onChoose: Choose | undefined;
}) {
  const { items, before, after } = windowOf(ids, virtual);
  const sizes = useMemo(() => sizesOf(ids), [ids]);
  const table = (
    <table
      aria-label={label}
      aria-rowcount={ids.length + 1}
      className="w-full table-fixed border-separate border-spacing-0 text-sm"
      style={{ '--row': `${rowHeight}px` } as React.CSSProperties}
    >
      <colgroup>
        {columns.map((c) => (
          <col key={c.name} style={c.name === nameColumn ? undefined : { width: widthOf(c) }} />
        ))}
      </colgroup>
      <thead className="text-muted text-xs">
        <tr aria-rowindex={1}>
          {columns.map((c) => (
            <Head key={c.name} column={trendFor(c, columns, sort.column)} sort={sort} onSort={onSort} />
          ))}
        </tr>
      </thead>
      <tbody>
        <Spacer height={before} span={columns.length} />
        {items.map(({ line, index }) => {
          const { id, group } = partsOf(line);
          return id === '' ? (
            <tr key={line} aria-rowindex={index + 2}>
              <th
                colSpan={columns.length}
                scope="rowgroup"
                className="bg-bg border-line h-(--row) border-b px-3 text-left font-medium"
              >
                <GroupName name={group ?? ''} size={sizes.get(group ?? '') ?? 0} />
              </th>
            </tr>
          ) : (
            <Row
              key={line}
              id={id}
              index={index}
              columns={columns}
              chosen={chosen?.has(id)}
              onChoose={onChoose}
            />
          );
        })}
        <Spacer height={after} span={columns.length} />
      </tbody>
    </table>
  );
  const trend = columns.findIndex((c) => c.name === trendColumn);
  if (trend < 0) return table;
  const [width = 0, ...behind] = columns.slice(trend).map(widthOf);
  return (
    <>
      {table}
      <TrendLayer
        ids={items.map(({ line }) => partsOf(line).id)}
        sorted={sort.column}
        top={before}
        place={{
          head: headHeight,
          rowHeight,
          width,
          right: behind.reduce((sum, w) => sum + w, 0),
          inset: { x: 12, top: 7, bottom: 7 },
        }}
      />
    </>
  );
}
