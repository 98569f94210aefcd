import { queryOptions } from '@tanstack/react-query';
import { parseCatalog } from '@/catalog/catalog.ts';
import { call } from './client.ts';
import type { Health, History, NewToken, Plugin, SecurityStatus, Token, Version } from './types.ts';

export const securityStatus = queryOptions({
  queryKey: ['security', 'status'],
  queryFn: ({ signal }) => call<SecurityStatus>('api/security/status', { signal }),
  staleTime: 30_000,
});

export const catalog = queryOptions({
  queryKey: ['types'],
  queryFn: async ({ signal }) => parseCatalog(await call<unknown>('api/types', { signal })),
  staleTime: Infinity,
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
    (await call<{ tokens: Token[] | null }>('api/security/tokens', { signal })).tokens ?? [],
});

export const plugins = queryOptions({
  queryKey: ['plugins'],
  queryFn: async ({ signal }) => {
    const body = await call<Plugin[] | { plugins?: Plugin[] | null }>('api/plugins', { signal });
    return Array.isArray(body) ? body : (body.plugins ?? []);
  },
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

/** The wire's words for ranges; it knows no years. */
const wireRange: Partial<Record<Range, string>> = { '1y': '365d' };

/** Seconds in a range. */
export const rangeSeconds: Record<Range, number> = {
  '5m': 300,
  '1h': 3_600,
  '6h': 21_600,
  '24h': 86_400,
  '7d': 604_800,
  '30d': 2_592_000,
  '1y': 31_536_000,
};

export function history(type: string, id: string, range: Range, points: number) {
  const query = new URLSearchParams({
    resourceType: type,
    resourceId: id,
    range: wireRange[range] ?? range,
    maxPoints: String(points),
  });
  return queryOptions({
    queryKey: ['history', type, id, range, points],
    queryFn: ({ signal }) => call<History>(`api/metrics-store/history?${query}`, { signal }),
    refetchInterval: refresh[range],
    staleTime: refresh[range] / 2,
  });
}

export function login(username: string, password: string, rememberMe: boolean): Promise<unknown> {
  return call('api/login', { method: 'POST', body: { username, password, rememberMe }, proves: true });
}

export function logout(): Promise<unknown> {
  return call('api/logout', { method: 'POST' });
}

export function checkBootstrapToken(token: string): Promise<void> {
  return call('api/security/validate-bootstrap-token', { method: 'POST', body: { token }, proves: true });
}

export interface QuickSetup {
  username: string;
  password: string;
}

/** Claims the server. */
export function quickSetup(bootstrapToken: string, account: QuickSetup): Promise<unknown> {
  return call('api/security/quick-setup', {
    method: 'POST',
    proves: true,
    headers: { 'X-Setup-Token': bootstrapToken },
    body: { ...account, apiToken: randomToken() },
  });
}

/** The contract wants a first API token; nobody keeps this one, tokens that are used are made on the settings page. */
function randomToken(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(24)), (b) => b.toString(16).padStart(2, '0')).join(
    '',
  );
}

export function createToken(name: string, scopes: readonly string[]): Promise<NewToken> {
  return call('api/security/tokens', { method: 'POST', body: { name, scopes } });
}

export function revokeToken(id: string): Promise<void> {
  return call(`api/security/tokens/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function changePassword(currentPassword: string, newPassword: string): Promise<unknown> {
  return call('api/security/change-password', {
    method: 'POST',
    proves: true,
    body: { currentPassword, newPassword },
  });
}
