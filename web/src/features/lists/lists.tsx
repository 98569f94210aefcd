import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { List as Icon } from 'lucide-react';
import { useState } from 'react';
import { listPage, lists, type ListPage as Answer } from '@/api/lists.ts';
import { at } from '@/catalog/path.ts';
import { ago } from '@/format/time.ts';
import type { Format } from '@/format/value.ts';
import { useNow } from '@/live/clock.ts';
import { ListTable } from '@/parts/list-table.tsx';
import { Page } from '@/parts/page.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { asButton, Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Empty } from '@/ui/message.tsx';

const first = 100;
const most = 1000;

/** All lists that plugins keep: backups, snapshots, jobs, packages. */
export function Lists() {
  const query = useQuery(lists);
  return (
    <Page title="Lists">
      <Loaded query={query} failed="The lists could not be loaded." skeleton={<TableSkeleton />}>
        {(known) =>
          known.length === 0 ? (
            <Empty title="There are no lists" icon={<Icon size={24} aria-hidden strokeWidth={1.5} />}>
              <p className="text-muted">No plugin that is installed keeps one.</p>
              <Link to="/plugins" className={asButton}>
                See the plugins
              </Link>
            </Empty>
          ) : (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Lists">
              {known.map((l) => (
                <li key={l.name} className="border-line border-b last:border-b-0">
                  <Link
                    to="/lists/$name"
                    params={{ name: l.name }}
                    className="hover:bg-hover flex min-h-10 items-center justify-between gap-4 px-3 py-2 max-sm:min-h-11"
                  >
                    <span className="font-medium">{l.label}</span>
                    <span className={cx('num', l.total === 0 && 'text-muted')}>{l.total}</span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Page>
  );
}

/** One list as a whole, the newest rows first. */
export function ListPage() {
  const { name } = useParams({ from: '/shell/lists/$name' });
  const { q = '' } = useSearch({ from: '/shell/lists/$name' });
  const navigate = useNavigate({ from: '/lists/$name' });
  const [limit, setLimit] = useState(first);
  const query = useQuery({ ...listPage(name, q, limit), placeholderData: (old) => old });
  return (
    <Page
      title={query.data?.label ?? 'List'}
      actions={
        <Link to="/lists" className="text-accent underline max-sm:py-2">
          All lists
        </Link>
      }
    >
      <input
        type="search"
        aria-label="Filter the rows by a text"
        placeholder="Text in a row"
        value={q}
        maxLength={200}
        onChange={(e) =>
          void navigate({ search: (s) => ({ ...s, q: e.target.value || undefined }), replace: true })
        }
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
                  <Button onClick={() => void navigate({ search: {}, replace: true })}>
                    Clear the filter
                  </Button>
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
    </Page>
  );
}

function Rows({ page, busy, onMore }: { page: Answer; busy: boolean; onMore: (() => void) | undefined }) {
  const now = useNow();
  const owned = page.rows.some((r) => r.ownerName);
  const columns = page.columns.map((c) => ({
    key: c.name,
    label: c.label,
    format: c.format as Format,
    path: c.path,
  }));
  const all = owned
    ? [{ key: 'owner ', label: 'Belongs to', format: 'text' as Format, path: '' }, ...columns]
    : columns;
  return (
    <ListTable
      list={{
        key: page.name,
        title: page.label,
        total: page.found,
        columns: all,
        rows: page.rows.map((r) => {
          const data = r.data as Record<string, unknown>;
          return Object.fromEntries(all.map((c) => [c.key, c.path === '' ? r.ownerName : at(data, c.path)]));
        }),
      }}
      resources={owned ? page.rows.map((r) => r.ownerId) : undefined}
      note={
        page.staleReason && (
          <p className="hatched border-line border-b px-3 py-1.5 text-sm" role="status">
            Not fresh{page.staleSince ? ` since ${ago(Date.parse(page.staleSince), now)}` : ''}:{' '}
            {page.staleReason}
          </p>
        )
      }
      footer={
        page.found > page.rows.length &&
        (onMore ? (
          <Button small busy={busy} onClick={onMore}>
            Show more of {page.found}
          </Button>
        ) : (
          <p className="text-muted text-sm">
            The newest {page.rows.length} of {page.found}. Filter to find others.
          </p>
        ))
      }
    />
  );
}
