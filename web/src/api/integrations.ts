import { queryOptions } from '@tanstack/react-query';
import type { Finding, Value } from '@/form/value.ts';
import { call } from './client.ts';

export interface Task {
  name: string;
  running: boolean;
  /** Unix milliseconds. */
  lastSuccess?: number;
  lastTook?: number;
  next?: number;
  failures?: number;
  error?: string;
}

export interface Integration {
  id: string;
  kind: string;
  name: string;
  enabled: boolean;
  revision: number;
  config: Value;
  /** The file and line that own it; then it is read-only here. */
  origin?: string;
  status: { state: string; error?: string; tasks: Task[] };
}

export interface Tried {
  ok: boolean;
  failure?: string;
  diagnostics: Finding[];
  steps: { name: string; outcome: string; message?: string; took: number }[];
  product?: string;
  version?: string;
  certificateSha256?: string;
  missingPrivileges?: { privilege: string; path?: string; effect?: string; remedy?: string }[];
}

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
}

export function saveIntegration(d: Draft): Promise<Integration> {
  return d.revision === 0
    ? call('api/integrations', { method: 'POST', body: d })
    : call(place(d), {
        method: 'PUT',
        body: { revision: d.revision, enabled: d.enabled, config: d.config },
      });
}

export function tryIntegration(d: Draft): Promise<Tried> {
  return call('api/integrations/test', {
    method: 'POST',
    body: { kind: d.kind, config: d.config, ...(d.revision > 0 && { name: d.name }) },
  });
}

export function removeIntegration(x: Integration): Promise<void> {
  return call(`${place(x)}?revision=${x.revision}`, { method: 'DELETE' });
}
