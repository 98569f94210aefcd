import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { growth } from '@/api/growth.ts';
import type { ResourceType } from '@/catalog/catalog.ts';
import { fullIn } from '@/catalog/growth.ts';
import { at } from '@/catalog/path.ts';
import { bytes, percent } from '@/format/number.ts';
import { duration } from '@/format/time.ts';
import { useColumns, useLive } from '@/live/hooks.ts';
import { PartProblem } from '@/parts/part-problem.tsx';
import { Whose } from '@/parts/whose.tsx';
import { Bar } from '@/ui/bar.tsx';

/** A resource that holds bytes. Metric is what its used bytes are called on the wire. */
interface Store {
  id: string;
  name: string;
  /** The machine that has it, if one has. */
  where: string;
  used: number;
  total: number;
  metric: string;
  /** What it adds to sums: less than it has when it shares a pool with others. */
  adds: { used: number; total: number };
  /** The same for stores that lie on one file system. */
  place: string;
}

/** Where a type keeps its used bytes and its size, by the names of its columns; undefined for a type that holds none. */
function fieldsOf(type: ResourceType) {
  const path = (name: string) => type.columns.find((c) => c.name === name && c.format === 'bytes')?.path;
  const used = path('used');
  const total = path('total');
  const metric = type.metrics.find((m) => m.wireName === 'used' && m.unit === 'bytes')?.wireName;
  return used && total && metric ? { used, total, metric } : undefined;
}

function useStores(types: readonly ResourceType[]): Store[] {
  const fields = useMemo(() => new Map(types.map((t) => [t.name, fieldsOf(t)])), [types]);
  const paths = useMemo(
    () => [
      ...new Set(
        [...fields.values()].flatMap((f) =>
          f ? [f.used, f.total, 'node', 'countedUsed', 'countedTotal'] : [],
        ),
      ),
    ],
    [fields],
  );
  useColumns(paths);
  const byId = useLive((l) => l.byId);
  return useMemo(
    () =>
      [...byId.values()].flatMap((r) => {
        const f = fields.get(r.type);
        const used = f && at(r.doc, f.used);
        const total = f && at(r.doc, f.total);
        if (!f || typeof used !== 'number' || typeof total !== 'number' || total <= 0) return [];
        const node = at(r.doc, 'node');
        const countedUsed = at(r.doc, 'countedUsed');
        const countedTotal = at(r.doc, 'countedTotal');
        const counted = typeof countedUsed === 'number' && typeof countedTotal === 'number';
        const adds = counted ? { used: countedUsed, total: countedTotal } : { used, total };
        const place = counted ? r.id : JSON.stringify([node, used, total]);
        const where = typeof node === 'string' && node !== r.name ? node : '';
        return [{ id: r.id, name: r.name, where, used, total, metric: f.metric, adds, place }];
      }),
    [byId, fields],
  );
}

/** How many of those that fill up are named. */
const first = 5;

/** How much room there is, and what fills up first. Nothing is shown of types that hold no bytes. */
export function Space({ types }: { types: readonly ResourceType[] }) {
  const stores = useStores(types);
  const wanted = useMemo(() => stores.map(({ id, metric }) => ({ id, metric })), [stores]);
  const query = useQuery(growth(wanted));
  if (stores.length === 0) return null;
  const places = [...new Map(stores.map((s) => [s.place, s])).values()];
  const used = places.reduce((n, s) => n + s.adds.used, 0);
  const total = places.reduce((n, s) => n + s.adds.total, 0);
  const filling = stores
    .flatMap((s) => {
      const grown = query.data?.get(s.id);
      const left = grown && fullIn(grown, s.total);
      return grown && left !== undefined ? [{ ...s, perDay: grown.perDay, left }] : [];
    })
    .sort((a, b) => a.left - b.left)
    .slice(0, first);
  return (
    <section
      aria-label="Space"
      className="bg-surface border-line grid gap-x-8 gap-y-3 rounded-lg border px-3 py-2.5 md:grid-cols-[minmax(14rem,1fr)_2fr]"
    >
      <div title="What several nodes share counts once, and so does what several storages share of a pool.">
        <p className="text-muted text-xs">Used of all</p>
        <p className="num text-lg font-semibold">
          {bytes(used)}{' '}
          <span className="text-muted text-sm font-normal">
            of {bytes(total)}, {percent((used / total) * 100)}
          </span>
        </p>
        <Bar percent={(used / total) * 100} className="mt-1 h-1.5" />
      </div>
      <div className="min-w-0">
        <p className="text-muted text-xs">Full first, by the growth of the last week</p>
        <PartProblem title="The growth could not be loaded." query={query} />
        {filling.length > 0 ? (
          <ul className="num text-sm">
            {filling.map((s) => (
              <li key={s.id} className="flex flex-wrap items-baseline justify-between gap-x-4">
                <Link
                  to="/r/$id"
                  params={{ id: s.id }}
                  className="min-w-0 truncate font-medium hover:underline max-sm:basis-full max-sm:py-2"
                >
                  {s.name} {s.where && <span className="text-muted font-normal">{s.where}</span>}{' '}
                  <Whose id={s.id} />
                </Link>
                <span className="ml-auto">+{bytes(s.perDay)} a day</span>
                <span className="text-muted w-36 text-right">{inDays(s.left)}</span>
              </li>
            ))}
          </ul>
        ) : (
          <p className="text-sm">
            {query.isPending
              ? '…'
              : query.data?.size
                ? 'Nothing grows.'
                : 'Known after half a day of numbers.'}
          </p>
        )}
      </div>
    </section>
  );
}

const year = 365 * 86_400;

function inDays(seconds: number): string {
  if (seconds < 3600) return 'now';
  return seconds > year ? 'in over a year' : `in ${duration(seconds)}`;
}
