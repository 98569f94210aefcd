import { Link } from '@tanstack/react-router';
import { useRef, useState, type ReactNode } from 'react';
import type { List, ListColumn } from '@/catalog/lists.ts';
import { number } from '@/format/number.ts';
import { precise, show } from '@/format/value.ts';
import { statusOf } from '@/live/status.ts';
import { Bar } from '@/ui/bar.tsx';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { useWidth } from '@/ui/width.ts';
import { StatusText } from './mark.tsx';
import { Whose } from './whose.tsx';

/** Below this width rows of more than a few columns become cards. */
const cardWidth = 380;
const fewColumns = 3;
/** Tables of more columns than these take the room of two others, and all room that there is. */
const someColumns = 4;
const manyColumns = 8;
/** How many rows of a long list are shown at first. */
const first = 10;

type Row = Readonly<Record<string, unknown>>;

/** The ids of the resources that cells of a row lead to, by column. */
export type Leads = Readonly<Record<string, string>>;

function right(c: ListColumn): boolean {
  return !['text', 'list', 'bool', 'percent', 'time'].includes(c.format);
}

/** Whether a column tells how something is or went. */
function isState(c: ListColumn): boolean {
  return c.format === 'text' && ['status', 'state'].includes(c.key);
}

function ListCell({ column, value }: { column: ListColumn; value: unknown }) {
  const text = show(value, column.format);
  if (isState(column) && typeof value === 'string' && ['down', 'degraded'].includes(statusOf(value))) {
    return <StatusText status={statusOf(value)} word={text} />;
  }
  if (column.format !== 'percent' || typeof value !== 'number') return <>{text}</>;
  return (
    <span className="flex min-w-24 items-center gap-2">
      <span className="w-11 shrink-0 text-right">{text}</span>
      <Bar percent={value} className="h-1.5 min-w-8 flex-1" />
    </span>
  );
}

/** A cell, a way to the resource that it names where there is one. */
function LeadingCell({ column, row, leads }: { column: ListColumn; row: Row; leads: Leads | undefined }) {
  const cell = <ListCell column={column} value={row[column.key]} />;
  const resource = leads?.[column.key];
  if (resource === undefined) return cell;
  return (
    <Link
      to="/r/$id"
      params={{ id: resource }}
      className="hover:text-accent underline-offset-2 hover:underline"
    >
      {cell} <Whose id={resource} />
    </Link>
  );
}

interface Props {
  list: List & { total?: number };
  /** For each row where its cells lead. */
  leads?: readonly (Leads | undefined)[] | undefined;
}

/** A list about a resource. Total is how many rows there are when not all are here; then the footer brings more. */
export function ListTable({ list, note, footer, leads }: Props & { note?: ReactNode; footer?: ReactNode }) {
  const frame = useRef<HTMLElement>(null);
  const width = useWidth(frame);
  const [all, setAll] = useState(false);
  const { length: columns } = list.columns;
  const id = `list-${list.key}`;
  const whole = all || list.total !== undefined || list.rows.length <= first + 2;
  const shown = whole ? list : { ...list, rows: list.rows.slice(0, first) };
  const cards = width !== undefined && width < cardWidth && list.columns.length > fewColumns;
  return (
    <section
      ref={frame}
      aria-labelledby={id}
      className={cx(
        'bg-surface border-line min-w-0 rounded-lg border',
        columns > manyColumns ? 'lg:col-span-full' : columns > someColumns && 'lg:col-span-2',
      )}
    >
      <h2 id={id} className="border-line flex items-baseline gap-2 border-b px-3 py-2 font-semibold">
        {list.title}{' '}
        <span className="num text-muted text-sm font-normal">{number(list.total ?? list.rows.length)}</span>
      </h2>
      {note}
      {cards ? (
        <Cards list={shown} leads={leads} labelledBy={id} />
      ) : (
        <Table list={shown} leads={leads} labelledBy={id} />
      )}
      {!whole && (
        <div className="border-line border-t px-3 py-2">
          <Button small onClick={() => setAll(true)}>
            Show all {number(list.rows.length)}
          </Button>
        </div>
      )}
      {footer && <div className="border-line border-t px-3 py-2">{footer}</div>}
    </section>
  );
}

function Table({ list, leads, labelledBy }: Props & { labelledBy: string }) {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="group" aria-labelledby={labelledBy}>
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
              {list.columns.map((c) => (
                <td
                  key={c.key}
                  title={precise(row[c.key], c.format)}
                  className={cx('max-w-72 truncate px-3 py-1.5', right(c) && 'text-right')}
                >
                  <LeadingCell column={c} row={row} leads={leads?.[i]} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Whether a cell says something. */
function said(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '';
}

/** Rows as cards, for narrow screens: what is not known takes no room there. */
function Cards({ list, leads, labelledBy }: Props & { labelledBy: string }) {
  const [head, ...others] = list.columns;
  if (!head) return null;
  const state = others.find(isState);
  const rest = others.filter((c) => c !== state);
  return (
    <ul aria-labelledby={labelledBy} className="num text-sm">
      {list.rows.map((row, i) => (
        <li key={i} className="border-line border-b px-3 py-2.5 last:border-b-0">
          <p className="flex items-baseline justify-between gap-3">
            <span className="min-w-0 font-medium break-words">
              <LeadingCell column={head} row={row} leads={leads?.[i]} />
            </span>
            {state && <ListCell column={state} value={row[state.key]} />}
          </p>
          <dl className="mt-1 grid grid-cols-2 gap-x-4 gap-y-1">
            {rest
              .filter((c) => said(row[c.key]))
              .map((c) => (
                <div key={c.key} className="min-w-0">
                  <dt className="text-muted text-xs">{c.label}</dt>
                  <dd className="break-words" title={precise(row[c.key], c.format)}>
                    <LeadingCell column={c} row={row} leads={leads?.[i]} />
                  </dd>
                </div>
              ))}
          </dl>
        </li>
      ))}
    </ul>
  );
}
