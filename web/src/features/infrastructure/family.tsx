import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { Rows2, Rows3, Search, X } from 'lucide-react';
import { useMemo, useState } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { keysOf } from '@/filter/match.ts';
import { valueOf, withTerm } from '@/filter/parse.ts';
import { parseSort, sortText } from '@/filter/sort.ts';
import { useLive } from '@/live/hooks.ts';
import { NoMachine } from '@/parts/add-host.tsx';
import { Page } from '@/parts/page.tsx';
import { StatusFilter } from '@/parts/status-filter.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { columnsOf } from '@/table/columns.ts';
import { ResourceTable } from '@/table/resource-table.tsx';
import { usePresent, useSelection } from '@/table/select.ts';
import { Button, IconButton } from '@/ui/button.tsx';
import { Empty } from '@/ui/message.tsx';

/** A section of the menu: everything of one family in one live table. */
export function FamilyPage() {
  const { family } = useParams({ from: '/shell/$family' });
  const title = family.charAt(0).toUpperCase() + family.slice(1);
  const loaded = useLive((l) => l.loaded);
  const all = useLive((l) => l.catalog.types);
  const types = useMemo(() => all.filter((t) => t.family === family), [all, family]);
  const present = usePresent(types);
  const known = types.length > 0 || family === 'infrastructure';
  return (
    <Page title={title}>
      {!loaded ? (
        <TableSkeleton />
      ) : known ? (
        <Machines types={present} label={title} family={family} />
      ) : (
        <Empty title={`There is no section “${title}”`}>
          <p className="text-muted">No plugin that runs brings one.</p>
        </Empty>
      )}
    </Page>
  );
}

function Machines({
  types,
  label,
  family,
}: {
  types: readonly ResourceType[];
  label: string;
  family: string;
}) {
  const { q = '', sort: sortParam } = useSearch({ from: '/shell/$family' });
  const navigate = useNavigate({ from: '/$family' });
  const sort = useMemo(() => parseSort(sortParam), [sortParam]);
  const selection = useSelection(types, q, sort);
  const columns = useMemo(() => columnsOf(types), [types]);
  const [compact, toggleCompact] = useCompact();
  const setQuery = (next: string) =>
    void navigate({
      search: (s) => ({ ...(next && { q: next }), ...(s.sort && { sort: s.sort }) }),
      replace: true,
    });

  if (selection.total === 0) {
    return family === 'infrastructure' ? <NoMachine /> : <Empty title={`No ${label.toLowerCase()} yet`} />;
  }
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <FilterBox query={q} onQuery={setQuery} keys={keysOf(types)} />
        <StatusFilter
          counts={selection.counts}
          chosen={valueOf(q, 'status')}
          onChoose={(s) => setQuery(withTerm(q, 'status', s))}
        />
        <span className="ml-auto flex items-center gap-2">
          <span className="num text-muted text-sm" role="status">
            {q === '' ? selection.total : `${selection.ids.length} of ${selection.total}`}
          </span>
          <IconButton
            label={compact ? 'Comfortable rows' : 'Compact rows'}
            onClick={toggleCompact}
            className="max-sm:hidden"
          >
            {compact ? <Rows2 size={16} aria-hidden /> : <Rows3 size={16} aria-hidden />}
          </IconButton>
        </span>
      </div>
      {selection.filter.notUnderstood.length > 0 && (
        <p className="text-degraded text-sm" role="status">
          Not understood and left out: {selection.filter.notUnderstood.join(', ')}
        </p>
      )}
      {selection.ids.length === 0 && selection.pending ? (
        <TableSkeleton />
      ) : selection.ids.length === 0 ? (
        <Empty title="Nothing passes the filter">
          <p className="text-muted">
            <code className="font-mono">{q}</code> matches none of {selection.total}.
          </p>
          <Button onClick={() => setQuery('')}>Clear the filter</Button>
        </Empty>
      ) : (
        <ResourceTable
          label={label}
          ids={selection.ids}
          columns={columns}
          sort={sort}
          compact={compact}
          pending={selection.pending}
          onSort={(next) =>
            void navigate({
              search: (s) => ({
                ...(s.q && { q: s.q }),
                ...(sortText(next) !== 'name' && { sort: sortText(next) }),
              }),
              replace: true,
            })
          }
        />
      )}
    </>
  );
}

function FilterBox({
  query,
  onQuery,
  keys,
}: {
  query: string;
  onQuery: (q: string) => void;
  keys: readonly string[];
}) {
  return (
    <div role="search" className="relative max-w-xl min-w-0 flex-1 basis-72">
      <Search size={16} aria-hidden className="text-muted absolute top-1/2 left-2.5 -translate-y-1/2" />
      <input
        data-filter
        type="text"
        enterKeyHint="search"
        aria-label="Filter"
        placeholder="Filter: words, status:down, cpu>80"
        title={`Words, or a key with : > <. Keys: ${keys.join(', ')}`}
        autoComplete="off"
        autoCapitalize="none"
        spellCheck={false}
        value={query}
        onChange={(e) => onQuery(e.target.value)}
        onKeyDown={(e) => {
          if (e.key !== 'Escape') return;
          if (query !== '') onQuery('');
          else e.currentTarget.blur();
        }}
        className="bg-surface border-line-strong placeholder:text-muted h-8 w-full rounded-md border pr-8 pl-8 max-sm:h-11 max-sm:text-lg"
      />
      {query !== '' && (
        <button
          type="button"
          aria-label="Clear the filter"
          onClick={() => onQuery('')}
          className="text-muted hover:text-text absolute top-1/2 right-1 inline-flex size-7 -translate-y-1/2 items-center justify-center"
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </div>
  );
}

const compactKey = 'pulse.compact';

/** Whether rows are compact: a taste of this browser, not part of a link. */
function useCompact(): [boolean, () => void] {
  const [compact, setCompact] = useState(() => {
    try {
      return localStorage.getItem(compactKey) === '1';
    } catch {
      return false;
    }
  });
  return [
    compact,
    () => {
      setCompact(!compact);
      try {
        localStorage.setItem(compactKey, compact ? '0' : '1');
      } catch {
        // Without storage it lasts as long as the page.
      }
    },
  ];
}
