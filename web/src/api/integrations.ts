import { queryOptions } from '@tanstack/react-query';
import type { Value } from '@/form/value.ts';
import { call } from './client.ts';
import type { Answer } from './types.ts';

/** An integration; one with an origin belongs to that file and line and is read-only here. Times are Unix milliseconds. */
export type Integration = Omit<Answer<'/api/integrations'>['integrations'][number], 'config'> & {
  /** As free as the plugin's schema, which the description leaves open. */
  config: Value;
};

/** What an integration may dial and believe beyond what is usual. */
export type Network = Integration['network'];

export type Task = Integration['status']['tasks'][number];

export type Tried = Answer<'/api/integrations/test', 'post'>;

export const integrations = queryOptions({
  queryKey: ['integrations'],
  queryFn: async ({ signal }) =>
    (await call<{ integrations: Integration[] }>('api/integrations', { signal })).integrations,
  refetchInterval: 5_000,
});

/** The form of a plugin's configuration, as JSON Schema. */
export function pluginSchema(kind: string) {
  return queryOptions({
    queryKey: ['schema', kind],
    queryFn: ({ signal }) => call<unknown>(`api/plugins/${encodeURIComponent(kind)}/schema`, { signal }),
    staleTime: 300_000,
  });
}

function place(x: { kind: string; name: string }): string {
  return `api/integrations/${encodeURIComponent(x.kind)}/${encodeURIComponent(x.name)}`;
}

export interface Draft {
  kind: string;
  name: string;
  enabled: boolean;
  /** 0 for one that is not stored yet. */
  revision: number;
  config: Value;
  network: Network;
}

export function saveIntegration(d: Draft): Promise<Integration> {
  return d.revision === 0
    ? call('api/integrations', { method: 'POST', body: d })
    : call(place(d), {
        method: 'PUT',
        body: { revision: d.revision, enabled: d.enabled, config: d.config, network: d.network },
      });
}

export function tryIntegration(d: Draft): Promise<Tried> {
  return call('api/integrations/test', {
    method: 'POST',
    body: { kind: d.kind, config: d.config, network: d.network, ...(d.revision > 0 && { name: d.name }) },
  });
}

export function removeIntegration(x: Integration): Promise<void> {
  return call(`${place(x)}?revision=${x.revision}`, { method: 'DELETE' });
}
