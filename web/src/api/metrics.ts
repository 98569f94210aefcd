import { queryOptions } from '@tanstack/react-query';
import { call } from './client.ts';
import type { Answer, Body } from './types.ts';

export type StoreSettings = Answer<'/api/metrics-store/settings'>;
export type StoreStats = Answer<'/api/metrics-store/stats'>;
export type StoreCopy = Answer<'/api/metrics-store/copy'>;

export const storeSettings = queryOptions({
  queryKey: ['metrics-store', 'settings'],
  queryFn: ({ signal }) => call<StoreSettings>('api/metrics-store/settings', { signal }),
});

export const storeStats = queryOptions({
  queryKey: ['metrics-store', 'stats'],
  queryFn: ({ signal }) => call<StoreStats>('api/metrics-store/stats', { signal }),
  refetchInterval: 10_000,
});

export const storeCopy = queryOptions({
  queryKey: ['metrics-store', 'copy'],
  queryFn: ({ signal }) => call<StoreCopy>('api/metrics-store/copy', { signal }),
  refetchInterval: (q) => (q.state.data?.running ? 1_000 : false),
});

/** What a ranking is asked for. */
export interface Top {
  metric: string;
  range: string;
  by: string;
  /** One type, or all when it is empty. */
  type: string;
}

/** The resources that have the most of a metric over a range. */
export function topOf({ metric, range, by, type }: Top) {
  const query = new URLSearchParams({ metric, range, by, limit: '20', ...(type && { resourceType: type }) });
  return queryOptions({
    queryKey: ['top', metric, range, by, type],
    queryFn: ({ signal }) => call<Answer<'/api/v2/metrics/top'>>(`api/v2/metrics/top?${query}`, { signal }),
    refetchInterval: 60_000,
  });
}

export function saveStore(values: Record<string, unknown>): Promise<StoreSettings> {
  return call('api/metrics-store/settings', { method: 'PUT', body: { values } });
}

export function tryStore(
  values: Record<string, unknown>,
  setUp: boolean,
): Promise<Answer<'/api/metrics-store/test', 'post'>> {
  return call('api/metrics-store/test', { method: 'POST', body: { values, setUp } });
}

export function startCopy(body: Body<'/api/metrics-store/copy'>): Promise<StoreCopy> {
  return call('api/metrics-store/copy', { method: 'POST', body });
}

export function cancelCopy(): Promise<StoreCopy> {
  return call('api/metrics-store/copy', { method: 'DELETE' });
}
