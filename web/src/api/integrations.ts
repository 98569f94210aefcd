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
  /** What people call it, empty for the name. */
  title: string;
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
        body: {
          revision: d.revision,
          title: d.title,
          enabled: d.enabled,
          config: d.config,
          network: d.network,
        },
      });
}

export function tryIntegration(d: Draft): Promise<Tried> {
  return call('api/integrations/test', {
    method: 'POST',
    body: { kind: d.kind, config: d.config, network: d.network, ...(d.revision > 0 && { name: d.name }) },
  });
}

/** Who answers at an address, before there are credentials. */
export type Probed = Answer<'/api/integrations/probe', 'post'>;

export function probeAddress(kind: string, address: string, network: Network): Promise<Probed> {
  return call('api/integrations/probe', { method: 'POST', body: { kind, address, network } });
}

/** The nodes as the reference's clients configure them; each is an integration, and knows the members of its cluster. */
export const nodes = queryOptions({
  queryKey: ['nodes'],
  queryFn: ({ signal }) => call<Answer<'/api/config/nodes'>>('api/config/nodes', { signal }),
  refetchInterval: 10_000,
});

/** Looks for the members of the cluster that an integration asks. */
export function refreshCluster(id: string) {
  return call<Answer<'/api/config/nodes/{id}/refresh-cluster', 'post'>>(
    `api/config/nodes/${encodeURIComponent(id)}/refresh-cluster`,
    { method: 'POST' },
  );
}

export function removeIntegration(x: Integration): Promise<void> {
  return call(`${place(x)}?revision=${x.revision}`, { method: 'DELETE' });
}

/** How asking each integration goes. */
export type Polled = Answer<'/api/monitoring/scheduler/health'>['instances'][number];

export const polled = queryOptions({
  queryKey: ['polled'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/monitoring/scheduler/health'>>('api/monitoring/scheduler/health', { signal }))
      .instances,
  refetchInterval: 10_000,
});

/** The command that has a machine introduce itself, valid once and for minutes. */
export type Setup = Answer<'/api/setup-script-url', 'post'>;

export function makeSetup(type: string, host: string, backupPerms: boolean): Promise<Setup> {
  return call('api/setup-script-url', {
    method: 'POST',
    body: { type, ...(host && { host }), ...(backupPerms && { backupPerms }) },
  });
}

/** What was found in the network. */
export type Found = Answer<'/api/discover', 'post'>;

/** What was found last, and how far a scan is that runs. */
export function discovered(): Promise<Answer<'/api/discover'>> {
  return call('api/discover');
}

/** Stops the scan that runs; who waits for it gets what was found until then. */
export async function stopLooking(): Promise<void> {
  await call('api/discover', { method: 'DELETE' });
}

/** Looks through networks, those of the server when none is named. It takes up to half a minute. */
export function lookAround(subnet: string): Promise<Found> {
  return call('api/discover', { method: 'POST', body: { subnet: subnet || 'auto' } });
}
