import { useMemo, useState } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { grouped, groupPaths } from '@/filter/group.ts';
import { compile, type Filter } from '@/filter/match.ts';
import { parseFilter } from '@/filter/parse.ts';
import { orderer, sortPaths, steady, type Sort } from '@/filter/sort.ts';
import { useColumns, useLive } from '@/live/hooks.ts';
import type { Resource } from '@/live/resource.ts';
import { statuses, type Status } from '@/live/status.ts';

export interface Selection {
  /** What passes the filter, in order: ids, under the heads of their groups when they are grouped. */
  ids: readonly string[];
  /** How many pass the filter. */
  passing: number;
  /** How many there are without the filter. */
  total: number;
  /** How many of each state, without the filter. */
  counts: Readonly<Record<Status, number>>;
  filter: Filter;
  /** Whether what filter and order read is yet to come. */
  pending: boolean;
}

export function countStatuses(resources: Iterable<Resource>): Record<Status, number> {
  const counts = Object.fromEntries(statuses.map((s) => [s, 0])) as Record<Status, number>;
  for (const r of resources) counts[r.status]++;
  return counts;
}

/** The resources of some types that pass a filter, in order, and how many there are of each state. */
export function useSelection(
  types: readonly ResourceType[],
  query: string,
  sort: Sort,
  group = '',
): Selection {
  const byId = useLive((l) => l.byId);
  const { column, descending } = sort;
  const filter = useMemo(() => compile(parseFilter(query), types), [query, types]);
  const paths = useMemo(
    () => [...new Set([...filter.paths, ...sortPaths(types, column), ...groupPaths(types, group)])],
    [filter, types, column, group],
  );
  const pending = !useColumns(paths);
  const [order] = useState(orderer);
  const [same] = useState(steady);
  return useMemo(() => {
    const byName = new Map(types.map((t) => [t.name, t]));
    const all = [...byId.values()].filter((r) => byName.has(r.type));
    const passing = all.filter((r) => {
      const type = byName.get(r.type);
      return type !== undefined && filter.matches(r, type);
    });
    const ids = order(passing, byName, { column, descending });
    return {
      ids: same(group === '' ? ids : grouped(ids, byId, byName, group)),
      passing: ids.length,
      total: all.length,
      counts: countStatuses(all),
      filter,
      pending,
    };
  }, [byId, types, filter, column, descending, group, pending, order, same]);
}

/** Those of some types of which there is a resource: the others would bring columns that nothing fills. */
export function usePresent(types: readonly ResourceType[]): readonly ResourceType[] {
  const names = useLive((l) => [...new Set([...l.byId.values()].map((r) => r.type))].sort().join(' '));
  return useMemo(() => {
    const present = new Set(names.split(' '));
    return types.filter((t) => present.has(t.name));
  }, [types, names]);
}
