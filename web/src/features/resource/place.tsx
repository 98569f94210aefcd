import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { ChevronRight, ExternalLink } from 'lucide-react';
import { useMemo, useState } from 'react';
import { metadata, resourceNews } from '@/api/queries.ts';
import type { ResourceType } from '@/catalog/catalog.ts';
import { at } from '@/catalog/path.ts';
import { byFamily, familyLabel } from '@/catalog/families.ts';
import { tagsOf } from '@/filter/match.ts';
import { useColumns, useLive } from '@/live/hooks.ts';
import type { Resource } from '@/live/resource.ts';
import { Whose } from '@/parts/whose.tsx';
import { columnsOf } from '@/table/columns.ts';
import { ResourceTable } from '@/table/resource-table.tsx';
import { useSelection } from '@/table/select.ts';
import { asSmallButton, Button } from '@/ui/button.tsx';

/** What is above what is above a resource is not shown for ever: a circle would have no end. */
const highest = 4;

/** What a resource runs on or belongs to, from the top down. */
export function Parents({ id, above = highest }: { id: string; above?: number }) {
  const child = useQuery(resourceNews(id).resource).data;
  const parent = useQuery({
    ...resourceNews(child?.parentId ?? '').resource,
    enabled: child?.parentId !== undefined && above > 0,
    refetchInterval: false,
    staleTime: 300_000,
  }).data;
  if (!child?.parentId || !parent) return null;
  return (
    <>
      <Parents id={parent.id} above={above - 1} />
      <ChevronRight size={14} aria-hidden className="shrink-0" />
      <Link to="/r/$id" params={{ id: parent.stateId }} className="hover:text-text truncate hover:underline">
        {parent.name}
      </Link>
      <Whose id={parent.stateId} />
    </>
  );
}

/** Up to how many tags are all shown; of more, so many are, or they would take the first screen of a phone. */
const allTags = 14;
const someTags = 10;

/** The tags of a resource, each a way to all that bear it, and its own page where people said which it is. */
export function TagsAndLink({ resource, family }: { resource: Resource; family: string }) {
  const url = useQuery(metadata(family, resource.id)).data?.customUrl;
  const tags = tagsOf(resource);
  const [whole, setWhole] = useState(false);
  if (tags.length === 0 && !url) return null;
  const shown = whole || tags.length <= allTags ? tags : tags.slice(0, someTags);
  return (
    <ul aria-label="Tags and its own page" className="mt-1 flex flex-wrap items-center gap-1 text-xs">
      {shown.map((tag) => (
        <li key={tag}>
          <Link
            to="/$family"
            params={{ family }}
            search={{ q: `tag:${/\s/.test(tag) ? `"${tag}"` : tag}` }}
            className="border-line text-muted hover:text-text hover:bg-hover flex items-center rounded-sm border px-1.5 max-sm:h-7"
          >
            {tag}
          </Link>
        </li>
      ))}
      {shown.length < tags.length && (
        <li>
          <button
            type="button"
            onClick={() => setWhole(true)}
            className="text-accent px-1 underline max-sm:h-7"
          >
            {tags.length - shown.length} more tags
          </button>
        </li>
      )}
      {url && (
        <li>
          <a
            href={url}
            target="_blank"
            rel="noreferrer noopener"
            className="text-accent inline-flex items-center gap-1 px-1 underline max-sm:h-7"
          >
            Its own page <ExternalLink size={12} aria-label="(opens another page)" />
          </a>
        </li>
      )}
    </ul>
  );
}

/** What runs on a resource or belongs to it, as live tables. */
export function Children({ id, name }: { id: string; name: string }) {
  const count = useQuery(resourceNews(id).resource).data?.childCount ?? 0;
  const children = useQuery({ ...resourceNews(id).children, enabled: count > 0 }).data;
  const types = useLive((l) => l.catalog.types);
  const ids = useMemo(() => new Set(children?.map((c) => c.stateId)), [children]);
  const kinds = useLive((l) =>
    [...new Set([...ids].map((c) => l.byId.get(c)?.type ?? ''))].sort().join('\n'),
  );
  const families = useMemo(
    () => byFamily(types.filter((t) => kinds.split('\n').includes(t.name))),
    [types, kinds],
  );
  return families.map(([family, members]) => (
    <ChildTable key={family} title={familyLabel(family)} ids={ids} types={members} parent={name} />
  ));
}

const urgentFirst = { column: 'status', descending: false };

/** Up to how many children are all shown; of more, so many of the most urgent are. */
const all = 20;
const some = 10;

function ChildTable({
  title,
  ids,
  types,
  parent,
}: {
  title: string;
  ids: ReadonlySet<string>;
  /** The name of what they belong to. */
  parent: string;
  types: readonly ResourceType[];
}) {
  const everything = useSelection(types, '', urgentFirst).ids;
  const found = useMemo(() => everything.filter((id) => ids.has(id)), [everything, ids]);
  const columns = useMemo(() => columnsOf(types), [types]);
  const [whole, setWhole] = useState(false);
  if (found.length === 0) return null;
  const shown = whole || found.length <= all ? found : found.slice(0, some);
  return (
    <section aria-label={title} className="flex flex-col gap-2">
      <h2 className="flex items-baseline gap-2 font-semibold">
        {title} <span className="num text-muted text-sm font-normal">{found.length}</span>
      </h2>
      <ResourceTable label={title} ids={shown} columns={columns} sort={urgentFirst} compact />
      {shown.length < found.length && (
        <div className="flex flex-wrap gap-2">
          <Button small onClick={() => setWhole(true)}>
            Show all {found.length}
          </Button>
          <InTable types={types} ids={ids} parent={parent} />
        </div>
      )}
    </section>
  );
}

/** The way to the same children in the table of their family, where they can be filtered, sorted and grouped. */
function InTable({
  types,
  ids,
  parent,
}: {
  types: readonly ResourceType[];
  ids: ReadonlySet<string>;
  parent: string;
}) {
  const names = useMemo(() => wordColumns(types), [types]);
  const known = useColumns(names.flatMap(([, paths]) => paths));
  const byId = useLive((l) => l.byId);
  const key = useMemo(() => {
    if (!known) return undefined;
    const mine = [...byId.values()].filter((r) => ids.has(r.id) && types.some((t) => t.name === r.type));
    return names.find(([, paths]) => mine.every((r) => paths.some((p) => at(r.doc, p) === parent)))?.[0];
  }, [known, names, byId, ids, types, parent]);
  const family = types[0]?.family;
  if (key === undefined || family === undefined) return null;
  const value = /\s/.test(parent) ? `"${parent}"` : parent;
  return (
    <Link to="/$family" params={{ family }} search={{ q: `${key}:${value}` }} className={asSmallButton}>
      Show in {familyLabel(family)}
    </Link>
  );
}

/** The columns in words of some types, each with where its values stand. */
function wordColumns(types: readonly ResourceType[]): [name: string, paths: string[]][] {
  const found = new Map<string, string[]>();
  for (const type of types) {
    for (const c of type.columns) {
      if (c.format === 'text' && c.path !== '') found.set(c.name, [...(found.get(c.name) ?? []), c.path]);
    }
  }
  return [...found];
}
