import { queryOptions } from '@tanstack/react-query';
import { parseCatalog } from '@/catalog/catalog.ts';
import { call } from './client.ts';
import type { Answer, Body, Health, History, NewToken, SecurityStatus, Version } from './types.ts';

export const securityStatus = queryOptions({
  queryKey: ['security', 'status'],
  queryFn: ({ signal }) => call<SecurityStatus>('api/security/status', { signal }),
  staleTime: 30_000,
});

export const catalog = queryOptions({
  queryKey: ['types'],
  queryFn: async ({ signal }) => parseCatalog(await call<unknown>('api/types', { signal })),
  // The stream says when a plugin that was installed meanwhile brings its types.
  staleTime: 300_000,
});

export const version = queryOptions({
  queryKey: ['version'],
  queryFn: ({ signal }) => call<Version>('api/version', { signal }),
  staleTime: 300_000,
});

export const health = queryOptions({
  queryKey: ['health'],
  queryFn: ({ signal }) => call<Health>('api/health', { signal }),
});

export const tokens = queryOptions({
  queryKey: ['tokens'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/security/tokens'>>('api/security/tokens', { signal })).tokens,
});

export const plugins = queryOptions({
  queryKey: ['plugins'],
  queryFn: async ({ signal }) => (await call<Answer<'/api/plugins'>>('api/plugins', { signal })).plugins,
  refetchInterval: 30_000,
});

/** The ranges that charts offer. */
export const ranges = ['5m', '1h', '6h', '24h', '7d', '30d', '1y'] as const;

export type Range = (typeof ranges)[number];

/** How often a chart of a range asks for news, in milliseconds. */
const refresh: Record<Range, number> = {
  '5m': 5_000,
  '1h': 15_000,
  '6h': 60_000,
  '24h': 120_000,
  '7d': 600_000,
  '30d': 1_800_000,
  '1y': 3_600_000,
};

/** A part of the past, in Unix milliseconds. */
export interface Window {
  from: number;
  to: number;
}

function historyPath(type: string, id: string, range: string, points: number, end?: number): string {
  const query = new URLSearchParams({
    resourceType: type,
    resourceId: id,
    range,
    maxPoints: String(points),
    ...(end !== undefined && { end: String(end) }),
  });
  return `api/metrics-store/history?${query}`;
}

/** The numbers of a resource: over a range that ends now, or in a part of the past, which does not change any more. */
export function numbers(type: string, id: string, when: Range | Window, points: number) {
  const past = typeof when === 'object' ? when : undefined;
  const range = typeof when === 'object' ? `${Math.max(1, when.to - when.from)}ms` : when;
  const every = typeof when === 'object' ? undefined : refresh[when];
  return queryOptions({
    queryKey: ['history', type, id, range, past?.to ?? 0, points],
    queryFn: ({ signal }) => call<History>(historyPath(type, id, range, points, past?.to), { signal }),
    refetchInterval: every ?? false,
    staleTime: every === undefined ? 600_000 : every / 2,
  });
}

export function login(username: string, password: string, rememberMe: boolean, code = '') {
  const body: Body<'/api/login'> = { username, password, rememberMe, ...(code && { code }) };
  return call<Answer<'/api/login', 'post'>>('api/login', { method: 'POST', body, proves: true });
}

export function logout() {
  return call<Answer<'/api/logout', 'post'>>('api/logout', { method: 'POST' });
}

export function checkBootstrapToken(token: string): Promise<void> {
  return call('api/security/validate-bootstrap-token', { method: 'POST', body: { token }, proves: true });
}

/** Claims the server. */
export function quickSetup(
  bootstrapToken: string,
  account: Pick<Body<'/api/security/quick-setup'>, 'username' | 'password'>,
) {
  return call<Answer<'/api/security/quick-setup', 'post'>>('api/security/quick-setup', {
    method: 'POST',
    proves: true,
    headers: { 'X-Setup-Token': bootstrapToken },
    body: account,
  });
}

export function createToken(name: string, scopes: readonly string[], expiresAt?: string): Promise<NewToken> {
  const body: Body<'/api/security/tokens'> = { name, scopes: [...scopes], ...(expiresAt && { expiresAt }) };
  return call('api/security/tokens', { method: 'POST', body });
}

/** Gives one of the caller's own tokens a new value. */
export function rotateToken(id: string): Promise<NewToken> {
  return call(`api/security/tokens/${encodeURIComponent(id)}/regenerate`, { method: 'POST' });
}

export function revokeToken(id: string): Promise<void> {
  return call(`api/security/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function changePassword(currentPassword: string, newPassword: string) {
  const body: Body<'/api/security/change-password'> = { currentPassword, newPassword };
  return call<Answer<'/api/security/change-password', 'post'>>('api/security/change-password', {
    method: 'POST',
    proves: true,
    body,
  });
}

/** What is wrong with a resource, which lists say something about it, and what happened to it. Id is any that the server knows it by. */
export function resourceNews(id: string) {
  const path = `api/v2/resources/${encodeURIComponent(id)}`;
  return {
    resource: queryOptions({
      queryKey: ['resource', id],
      queryFn: ({ signal }) => call<Answer<'/api/v2/resources/{id}'>>(path, { signal }),
      refetchInterval: 60_000,
    }),
    /** What runs on it or belongs to it. */
    children: queryOptions({
      queryKey: ['resource', id, 'children'],
      queryFn: async ({ signal }) =>
        (await call<Answer<'/api/v2/resources/{id}/children'>>(`${path}/children`, { signal })).data,
      staleTime: 60_000,
    }),
    lists: queryOptions({
      queryKey: ['resource', id, 'lists'],
      queryFn: async ({ signal }) =>
        (await call<Answer<'/api/v2/resources/{id}/rows'>>(`${path}/rows`, { signal })).lists,
      refetchInterval: 60_000,
    }),
    rows: (list: string, limit: number) =>
      queryOptions({
        queryKey: ['resource', id, 'rows', list, limit],
        queryFn: ({ signal }) =>
          call<Answer<'/api/v2/resources/{id}/rows/{list}'>>(
            `${path}/rows/${encodeURIComponent(list)}?limit=${limit}`,
            { signal },
          ),
        refetchInterval: 60_000,
      }),
    events: (limit: number) =>
      queryOptions({
        queryKey: ['resource', id, 'events', limit],
        queryFn: ({ signal }) =>
          call<Answer<'/api/v2/resources/{id}/events'>>(`${path}/events?limit=${limit}`, { signal }),
        refetchInterval: 60_000,
      }),
  };
}

/** What happened to anything, the newest first. */
export const lately = queryOptions({
  queryKey: ['events', 'all'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/v2/events'>>('api/v2/events?limit=100', { signal })).events,
  refetchInterval: 120_000,
});

export type Happened = Answer<'/api/v2/events'>['events'][number];

/** Pairs of machines that may be one, and that nobody has decided about. */
export const offeredMerges = queryOptions({
  queryKey: ['merges'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/v2/resources/merges'>>('api/v2/resources/merges', { signal })).merges,
  staleTime: 30_000,
});

function decide(id: string, how: 'link' | 'unlink', targetId: string): Promise<unknown> {
  return call(`api/v2/resources/${encodeURIComponent(id)}/${how}`, { method: 'POST', body: { targetId } });
}

/** Says that two resources are one machine. */
export const linkResources = (id: string, other: string) => decide(id, 'link', other);

/** Says that two resources are two machines. */
export const unlinkResources = (id: string, other: string) => decide(id, 'unlink', other);

/** Says that the sources of a resource see machines of their own. */
export function reportMerge(id: string): Promise<unknown> {
  return call(`api/v2/resources/${encodeURIComponent(id)}/report-merge`, { method: 'POST', body: {} });
}

/** What people wrote about a resource. */
export interface Metadata {
  customUrl: string;
  description: string;
  tags: string[] | null;
  notes: string[] | null;
}

/** Where it lies: machines have a place of their own, all else is with the guests. */
function metadataPath(family: string, id: string): string {
  return `api/${family === 'infrastructure' ? 'hosts' : 'guests'}/metadata/${encodeURIComponent(id)}`;
}

export function metadata(family: string, id: string) {
  return queryOptions({
    queryKey: ['metadata', family, id],
    queryFn: ({ signal }) => call<Metadata>(metadataPath(family, id), { signal }),
    staleTime: 60_000,
  });
}

export function saveMetadata(family: string, id: string, body: Metadata): Promise<unknown> {
  return call(metadataPath(family, id), { method: 'PUT', body });
}

/** A condition that holds, with the resource that it holds for. */
export type Finding = Answer<'/api/v2/conditions'>['conditions'][number];

/** What plugins say is wrong now; remarks that ask for nothing are left out. The stream says when it has changed. */
export const findings = queryOptions({
  queryKey: ['conditions'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/v2/conditions'>>('api/v2/conditions', { signal })).conditions.filter(
      (c) => c.severity !== 'info',
    ),
  staleTime: 60_000,
});

/** The settings of the server that the page knows; the document has more. */
export interface SystemSettings {
  publicURL?: string;
  webhookAllowedPrivateCIDRs?: string;
  temperatureMonitoringEnabled?: boolean;
  /** With commas between; * is any. */
  allowedOrigins?: string;
  allowEmbedding?: boolean;
  allowedEmbedOrigins?: string;
  auditRetentionDays?: number;
  /** Decided by the configuration. */
  frontendPort?: number;
  /** Which of those that are changed here otherwise the configuration decides. */
  envOverrides?: Record<string, boolean>;
  /** Where those stand that the configuration decides: config.hcl:12. */
  origins?: Record<string, string>;
}

export const systemSettings = queryOptions({
  queryKey: ['system', 'settings'],
  queryFn: ({ signal }) => call<SystemSettings>('api/system/settings', { signal }),
});

/** Changes settings; those that are not given stay. */
export function saveSystemSettings(changes: SystemSettings): Promise<unknown> {
  return call('api/system/settings/update', { method: 'POST', body: changes });
}
