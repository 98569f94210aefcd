import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { listPage, type ListPage as Answer } from '@/api/lists.ts';
import { at } from '@/catalog/path.ts';
import { number } from '@/format/number.ts';
import type { Format } from '@/format/value.ts';
import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/message.tsx';
import { ListTable, type Leads } from './list-table.tsx';
import { Loaded } from './loaded.tsx';
import { TableSkeleton } from './table-skeleton.tsx';
import { Ago } from './times.tsx';

const first = 100;
const most = 1000;

/** One list as a whole, the newest rows first, and what filters it. */
export function ListView({ name, q, onQuery }: { name: string; q: string; onQuery: (q: string) => void }) {
  const [limit, setLimit] = useState(first);
  const query = useQuery({ ...listPage(name, q, limit), placeholderData: (old) => old });
  return (
    <>
      <input
        type="search"
        data-filter
        aria-label="Filter the rows by a text"
        placeholder="Text in a row"
        value={q}
        maxLength={200}
        onChange={(e) => onQuery(e.target.value)}
        className="bg-surface border-line-strong h-9 w-full rounded-md border px-2.5 max-sm:h-11 sm:max-w-80"
      />
      <Loaded query={query} failed="The list could not be loaded." skeleton={<TableSkeleton />}>
        {(known) =>
          known.rows.length === 0 ? (
            <Empty title={q === '' ? 'The list is empty' : 'Nothing passes the filter'}>
              {q === '' ? (
                <p className="text-muted">Rows appear as soon as a source tells of some.</p>
              ) : (
                <>
                  <p className="text-muted">
                    No row has the text <code className="font-mono break-all">{q}</code>.
                  </p>
                  <Button onClick={() => onQuery('')}>Clear the filter</Button>
                </>
              )}
            </Empty>
          ) : (
            <Rows
              page={known}
              busy={query.isFetching}
              onMore={limit < most ? () => setLimit(Math.min(limit * 5, most)) : undefined}
            />
          )
        }
      </Loaded>
    </>
  );
}

type Row = Answer['rows'][number];

interface Added {
  key: string;
  label: string;
  format: Format;
  /** The name and the id of the resource that it names in a row. */
  of: (r: Row) => readonly [name: string | undefined, id?: string | undefined];
}

/** What stands before the columns of a list, where rows have it. No column of a list can be called so. */
const added: Added[] = [
  { key: '_about', label: 'About', format: 'text', of: (r) => [r.aboutName, r.aboutStateId] },
  { key: '_owner', label: 'Belongs to', format: 'text', of: (r) => [r.ownerName, r.ownerStateId] },
];

/** By whom a row is told of, by its own name: the kind, which comes first, all rows of a list have in common. */
const from: Added = {
  key: '_from',
  label: 'Integration',
  format: 'text',
  of: (r) => [r.integration.slice(r.integration.indexOf('/') + 1)],
};

/** What is added to the columns of a list: what rows have, and by whom they are told of where several tell of rows. */
function addedTo(rows: readonly Row[]): Added[] {
  const several = new Set(rows.map((r) => r.integration)).size > 1;
  return [...added.filter((c) => rows.some((r) => c.of(r)[0])), ...(several ? [from] : [])];
}

function rowOf(r: Row, columns: readonly { key: string; path: string }[]): Record<string, unknown> {
  const data = r.data as Record<string, unknown>;
  const row: Record<string, unknown> = {};
  for (const c of [...added, from]) [row[c.key]] = c.of(r);
  for (const c of columns) row[c.key] = at(data, c.path);
  return row;
}

function leadsOf(r: Row): Leads {
  const leads: Record<string, string> = { ...r.leads };
  for (const c of added) {
    const [, id] = c.of(r);
    if (id) leads[c.key] = id;
  }
  return leads;
}

function Rows({ page, busy, onMore }: { page: Answer; busy: boolean; onMore: (() => void) | undefined }) {
  const declared = page.columns.map((c) => ({
    key: c.name,
    label: c.label,
    format: c.format as Format,
    path: c.path,
  }));
  const columns = [...addedTo(page.rows), ...declared];
  return (
    <ListTable
      list={{
        key: page.name,
        title: page.label,
        total: page.found,
        columns,
        rows: page.rows.map((r) => rowOf(r, declared)),
      }}
      leads={page.rows.map(leadsOf)}
      note={
        page.staleReason && (
          <p className="hatched border-line border-b px-3 py-1.5 text-sm" role="status">
            Not fresh
            {page.staleSince && (
              <>
                {' '}
                since <Ago at={page.staleSince} />
              </>
            )}
            : {page.staleReason}
          </p>
        )
      }
      footer={
        page.found > page.rows.length &&
        (onMore ? (
          <Button small busy={busy} onClick={onMore}>
            Show more of {number(page.found)}
          </Button>
        ) : (
          <p className="text-muted text-sm">
            The newest {number(page.rows.length)} of {number(page.found)}. Filter to find others.
          </p>
        ))
      }
    />
  );
}
