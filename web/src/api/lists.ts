import { queryOptions } from '@tanstack/react-query';
import { call } from './client.ts';
import type { Answer } from './types.ts';

/** What is backed up: each guest with its days, the worst first. */
export type Protection = Answer<'/api/protection'>;

export type Guest = Protection['guests'][number];

export const protection = queryOptions({
  queryKey: ['protection'],
  queryFn: ({ signal }) => {
    // The days are the reader's own, as all times that the pages show.
    const timezone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    return call<Protection>(`api/protection?${new URLSearchParams({ timezone })}`, { signal });
  },
  refetchInterval: 60_000,
});

export type ListInfo = Answer<'/api/lists'>['lists'][number];

export const lists = queryOptions({
  queryKey: ['lists'],
  queryFn: async ({ signal }) => (await call<Answer<'/api/lists'>>('api/lists', { signal })).lists,
  refetchInterval: 60_000,
});

export type ListPage = Answer<'/api/lists/{name}'>;

/** The newest rows of a list in which a text stands. */
export function listPage(name: string, q: string, limit: number) {
  const query = new URLSearchParams({ limit: String(limit), ...(q && { q }) });
  return queryOptions({
    queryKey: ['lists', name, q, limit],
    queryFn: ({ signal }) => call<ListPage>(`api/lists/${encodeURIComponent(name)}?${query}`, { signal }),
    refetchInterval: 60_000,
  });
}

/** The sections of the menu that lists with rows are in. They change seldom: when a system is connected or taken away. */
export const listFamilies = queryOptions({
  ...lists,
  select: (all) => [...new Set(all.filter((l) => l.total > 0 && l.family).map((l) => l.family ?? ''))].sort(),
  staleTime: 300_000,
  refetchInterval: 300_000,
});
