import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { lists, type ListInfo } from '@/api/lists.ts';
import { findings } from '@/api/queries.ts';
import type { ResourceType } from '@/catalog/catalog.ts';
import { listsOf } from '@/catalog/lists.ts';
import { number } from '@/format/number.ts';
import { useDocument, useLive, useResource } from '@/live/hooks.ts';
import { fullName } from '@/live/namesakes.ts';
import { Facts } from '@/parts/facts.tsx';
import { Findings } from '@/parts/findings.tsx';
import { Gauges } from '@/parts/gauges.tsx';
import { ListTable } from '@/parts/list-table.tsx';
import { ListView } from '@/parts/list-view.tsx';
import { PartProblem } from '@/parts/part-problem.tsx';
import { TypeIcon } from '@/parts/type-icon.tsx';
import { Whose } from '@/parts/whose.tsx';
import { StatusCell } from '@/table/cell.tsx';
import { cx } from '@/ui/cx.ts';

/** What plugins find wrong with the resources of a section. */
export function WhatIsWrong({ types }: { types: readonly ResourceType[] }) {
  const query = useQuery(findings);
  const byId = useLive((l) => l.byId);
  const here = useMemo(() => {
    const names = new Set(types.map((t) => t.name));
    return (query.data ?? []).filter((f) => names.has(byId.get(f.stateId)?.type ?? ''));
  }, [query.data, byId, types]);
  return (
    <>
      <PartProblem title="What plugins find wrong could not be loaded." query={query} />
      {here.length > 0 && <Findings findings={here} />}
    </>
  );
}

/** Up to how many resources of a type are shown with all that they list. */
const few = 4;

/** The resources of types of which there are few, each with its numbers and lists. */
export function InFull({ types }: { types: readonly ResourceType[] }) {
  const byId = useLive((l) => l.byId);
  const shown = useMemo(
    () =>
      types.flatMap((type) => {
        const of = [...byId.values()].filter((r) => r.type === type.name);
        return of.length <= few ? of.map((r) => ({ id: r.id, type })) : [];
      }),
    [byId, types],
  );
  return shown.map(({ id, type }) => <Full key={id} id={id} type={type} />);
}

function Full({ id, type }: { id: string; type: ResourceType }) {
  useDocument(id);
  const resource = useResource(id);
  const name = useLive((l) => fullName(l.byId, id));
  const found = useMemo(() => (resource ? listsOf(resource.doc) : []), [resource]);
  if (!resource || found.length === 0) return null;
  return (
    <section aria-label={name} className="flex flex-col gap-3">
      <h2 className="flex flex-wrap items-center gap-x-3 gap-y-1 font-semibold">
        <span className="text-muted">
          <TypeIcon name={type.icon} />
        </span>
        <Link to="/r/$id" params={{ id }} className="hover:underline max-sm:py-2">
          {resource.name}
        </Link>
        <Whose id={id} />
        <StatusCell resource={resource} mark />
      </h2>
      <Gauges resource={resource} type={type} />
      <div className="grid gap-4 lg:grid-cols-2">
        <Facts resource={resource} type={type} />
        {found.map((l) => (
          <ListTable key={l.key} list={{ ...l, key: `${id}-${l.key}` }} />
        ))}
      </div>
    </section>
  );
}

/** The lists of a family that have rows; undefined until that is known. */
export function useFamilyLists(family: string): readonly ListInfo[] | undefined {
  const { data } = useQuery(lists);
  return useMemo(() => data?.filter((l) => l.family === family && l.total > 0), [data, family]);
}

/** The ways to the lists of a section. */
export function ListLinks({ lists: all }: { lists: readonly ListInfo[] }) {
  if (all.length === 0) return null;
  return (
    <nav aria-label="Lists of this section" className="flex flex-wrap gap-2">
      {all.map((l) => (
        <Link
          key={l.name}
          to="/lists/$name"
          params={{ name: l.name }}
          className="border-line bg-surface hover:bg-hover flex h-8 items-center gap-2 rounded-md border px-3 text-sm max-sm:h-11"
        >
          {l.label} <span className="num text-muted">{number(l.total)}</span>
        </Link>
      ))}
    </nav>
  );
}

/** A section without resources of its own: its lists, one at a time. */
export function ListSection({ lists: all }: { lists: readonly ListInfo[] }) {
  const { q = '', list = '' } = useSearch({ from: '/shell/$family' });
  const navigate = useNavigate({ from: '/$family' });
  const shown = all.find((l) => l.name === list) ?? all[0];
  if (!shown) return null;
  return (
    <>
      {all.length > 1 && (
        <div role="group" aria-label="List" className="flex flex-wrap gap-2">
          {all.map((l) => (
            <button
              key={l.name}
              type="button"
              aria-pressed={l === shown}
              onClick={() => void navigate({ search: { list: l.name } })}
              className={cx(
                'h-8 rounded-md border px-3 text-sm max-sm:h-11',
                l === shown ? 'border-accent bg-selected' : 'border-line bg-surface hover:bg-hover',
              )}
            >
              {l.label} <span className="num text-muted">{number(l.total)}</span>
            </button>
          ))}
        </div>
      )}
      <ListView
        key={shown.name}
        name={shown.name}
        q={q}
        onQuery={(next) => void navigate({ search: (s) => ({ ...s, q: next || undefined }), replace: true })}
      />
    </>
  );
}
