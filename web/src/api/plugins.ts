import { queryOptions } from '@tanstack/react-query';
import { call } from './client.ts';
import type { Answer } from './types.ts';

export type PluginDetail = Answer<'/api/plugins/{kind}'>;
export type PluginTask = PluginDetail['tasks'][number];
export type LogLine = Answer<'/api/plugins/{kind}/logs'>['lines'][number];

function place(kind: string): string {
  return `api/plugins/${encodeURIComponent(kind)}`;
}

export function plugin(kind: string) {
  return queryOptions({
    queryKey: ['plugins', kind],
    queryFn: ({ signal }) => call<PluginDetail>(place(kind), { signal }),
    refetchInterval: 3_000,
  });
}

/** What the plugin wrote after a line; the answer waits up to 20 s for the next one. */
export function logs(kind: string, after: number, signal: AbortSignal) {
  const wait = after > 0 ? 20 : 0;
  return call<Answer<'/api/plugins/{kind}/logs'>>(
    `${place(kind)}/logs?after=${after}&limit=500&wait=${wait}`,
    { signal },
  );
}

export type Switch = 'restart' | 'enable' | 'disable';

export function turn(kind: string, what: Switch): Promise<PluginDetail> {
  return call(`${place(kind)}/${what}`, { method: 'POST' });
}

export function installPlugin(archive: string, sha256: string): Promise<unknown> {
  return call('api/plugins/install', { method: 'POST', body: { archive, sha256 } });
}

export function removePlugin(kind: string): Promise<void> {
  return call(place(kind), { method: 'DELETE' });
}
