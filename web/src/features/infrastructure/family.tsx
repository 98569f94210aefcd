import { useNavigate, useParams, useSearch } from '@tanstack/react-router';
import { ListChecks, Plug, Plus, Rows2, Rows3, Search } from 'lucide-react';
import { lazy, Suspense, useMemo, useState } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { valueOf, withTerm } from '@/filter/parse.ts';
import { parseSort, sortText } from '@/filter/sort.ts';
import { number } from '@/format/number.ts';
import { useLive } from '@/live/hooks.ts';
import { AddHost, NoMachine } from '@/parts/add-host.tsx';
import { Connect } from '@/parts/connect.tsx';
import { FilterBox } from '@/parts/filter-box.tsx';
import { useMay } from '@/parts/may.ts';
import { Page } from '@/parts/page.tsx';
import { StatusFilter } from '@/parts/status-filter.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { ColumnPicker, GroupPicker } from '@/parts/view-menu.tsx';
import type { TableSearch } from '@/search.ts';
import { chosenColumns } from '@/table/columns.ts';
import { ResourceTable } from '@/table/resource-table.tsx';
import { usePresent, useSelection } from '@/table/select.ts';
import { Button, IconButton } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Empty } from '@/ui/message.tsx';
import { BulkBar } from './bulk.tsx';
import { InFull, ListLinks, ListSection, useFamilyLists, WhatIsWrong } from './section.tsx';

const Space = lazy(() => import('./space.tsx').then((m) => ({ default: m.Space })));
const Protection = lazy(() => import('@/parts/protection.tsx').then((m) => ({ default: m.Protection })));

/** A section of the menu: everything of one family in one live table. */
export function FamilyPage() {
  const { family } = useParams({ from: '/shell/$family' });
  const { add } = useSearch({ from: '/shell/$family' });
  const navigate = useNavigate({ from: '/$family' });
  const setAdding = (open: boolean) =>
    void navigate({ search: (s) => ({ ...s, add: open ? 'host' : undefined }), replace: !open });
  const title = family.charAt(0).toUpperCase() + family.slice(1);
  const may = useMay();
  const loaded = useLive((l) => l.loaded);
  const all = useLive((l) => l.catalog.types);
  const types = useMemo(() => all.filter((t) => t.family === family), [all, family]);
  const present = usePresent(types);
  const listed = useFamilyLists(family);
  const backups = family === 'backups';
  const known = types.length > 0 || family === 'infrastructure' || backups;
  // Tables of machines and of what runs on them are long, and what is wrong there stands on the overview.
  const special = !['infrastructure', 'workloads'].includes(family);
  return (
    <Page
      title={title}
      actions={
        family === 'infrastructure' &&
        may('write:nodes') && (
          <Button onClick={() => setAdding(true)}>
            <Plus size={16} aria-hidden /> Add host
          </Button>
        )
      }
    >
      {add === 'host' && loaded && may('write:nodes') && <AddHost onClose={() => setAdding(false)} />}
      {backups && (
        <Suspense fallback={<TableSkeleton />}>
          <Protection />
        </Suspense>
      )}
      {special && present.length > 0 && (
        <>
          <WhatIsWrong types={present} />
          <Suspense>
            <Space types={present} />
          </Suspense>
        </>
      )}
      {!loaded || (!known && listed === undefined) ? (
        !backups && <TableSkeleton />
      ) : backups && present.length === 0 ? null : known && (present.length > 0 || !listed?.length) ? (
        <Machines types={present} label={title} family={family} />
      ) : listed?.length ? (
        <ListSection lists={listed} />
      ) : (
        <Empty title={`There is no section “${title}”`}>
          <p className="text-muted">No plugin that runs brings one.</p>
        </Empty>
      )}
      {special && <InFull types={present} />}
      {(present.length > 0 || backups) && listed && <ListLinks lists={listed} />}
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
  const { q = '', sort: sortParam, group = '', cols = '' } = useSearch({ from: '/shell/$family' });
  const navigate = useNavigate({ from: '/$family' });
  const sort = useMemo(() => parseSort(sortParam), [sortParam]);
  const selection = useSelection(types, q, sort, group);
  const columns = useMemo(() => chosenColumns(types, cols), [types, cols]);
  const [compact, toggleCompact] = useCompact();
  const [open, setOpen] = useState(q !== '');
  const may = useMay();
  const mayAct = may('write:alerts') || may('write:nodes');
  const [choosing, setChoosing] = useState(false);
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const choose = (ids: readonly string[], on: boolean) => setChosen((old) => changed(old, ids, on));
  const set = (next: TableSearch) =>
    void navigate({
      search: (s) => Object.fromEntries(Object.entries({ ...s, ...next }).filter(([, v]) => v !== '')),
      replace: true,
    });
  const endChoosing = () => {
    setChosen(new Set());
    setChoosing(false);
  };
  const setQuery = (next: string) => set({ q: next });

  if (selection.total === 0) {
    return family === 'infrastructure' ? <NoMachine /> : <NothingYet label={label} />;
  }
  return (
    <>
      <div className="flex flex-wrap items-center gap-2">
        <Button
          aria-expanded={open}
          aria-controls="table-view"
          onClick={() => setOpen(!open)}
          className="sm:hidden"
        >
          <Search size={16} aria-hidden /> Filter
        </Button>
        {mayAct && (
          <Button aria-pressed={choosing} onClick={() => setChoosing(!choosing)} className="sm:hidden">
            <ListChecks size={16} aria-hidden /> Select
          </Button>
        )}
        <div
          id="table-view"
          className={cx(
            'flex min-w-0 flex-1 basis-80 flex-wrap items-center gap-2',
            !open && 'max-sm:hidden',
          )}
        >
          <FilterBox query={q} onQuery={setQuery} types={types} />
          <GroupPicker types={types} group={group} onGroup={(by) => set({ group: by })} />
          <ColumnPicker types={types} names={cols} onNames={(names) => set({ cols: names })} />
        </div>
        <StatusFilter
          counts={selection.counts}
          chosen={valueOf(q, 'status')}
          onChoose={(s) => setQuery(withTerm(q, 'status', s))}
        />
        <span className="ml-auto flex items-center gap-2">
          <span className="num text-muted text-sm" role="status">
            {q === ''
              ? number(selection.total)
              : `${number(selection.passing)} of ${number(selection.total)}`}
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
      {chosen.size > 0 && <BulkBar chosen={chosen} onDone={endChoosing} />}
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
            <code className="font-mono">{q}</code> matches none of {number(selection.total)}.
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
          group={group}
          tellHidden={cols !== ''}
          choosing={choosing}
          {...(mayAct && { chosen, onChoose: choose })}
          onSort={(next) => set({ sort: sortText(next) === 'name' ? '' : sortText(next) })}
        />
      )}
    </>
  );
}

/** Says that a section waits for something to be connected. */
function NothingYet({ label }: { label: string }) {
  return (
    <Empty title={`No ${label.toLowerCase()} yet`} icon={<Plug size={24} aria-hidden strokeWidth={1.5} />}>
      <p className="text-muted max-w-prose">
        They appear here as soon as a system that has some is connected and has been read.
      </p>
      <Connect />
    </Empty>
  );
}

/** A set with some members added or taken out. */
function changed(set: ReadonlySet<string>, members: readonly string[], on: boolean): ReadonlySet<string> {
  const next = new Set(set);
  for (const m of members) {
    if (on) next.add(m);
    else next.delete(m);
  }
  return next;
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
