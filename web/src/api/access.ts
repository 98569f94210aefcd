import { queryOptions } from '@tanstack/react-query';
import { address, call } from './client.ts';
import type { Answer, Body } from './types.ts';

export type User = Answer<'/api/admin/users'>[number];
export type Role = Answer<'/api/admin/roles'>[number];
export type Permission = Role['permissions'][number];
export type Session = Answer<'/api/security/sessions'>['sessions'][number];
export type AuditEvent = Answer<'/api/audit'>['events'][number];
export type Enrolment = Answer<'/api/security/second-step', 'post'>;

export const users = queryOptions({
  queryKey: ['users'],
  queryFn: ({ signal }) => call<User[]>('api/admin/users', { signal }),
});

export const roles = queryOptions({
  queryKey: ['roles'],
  queryFn: ({ signal }) => call<Role[]>('api/admin/roles', { signal }),
});

export const sessions = queryOptions({
  queryKey: ['sessions'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/security/sessions'>>('api/security/sessions', { signal })).sessions,
});

export const lockouts = queryOptions({
  queryKey: ['lockouts'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/security/lockouts'>>('api/security/lockouts', { signal })).lockouts,
});

const userPath = (name: string) => `api/admin/users/${encodeURIComponent(name)}`;

export function createUser(username: string, password: string, roleIds: string[]): Promise<User> {
  const body: Body<'/api/admin/users'> = { username, password, roleIds };
  return call('api/admin/users', { method: 'POST', body });
}

export function changeUser(name: string, body: Body<'/api/admin/users/{username}', 'patch'>): Promise<User> {
  return call(userPath(name), { method: 'PATCH', body });
}

export const deleteUser = (name: string) => call<undefined>(userPath(name), { method: 'DELETE' });

export const resetSecondStep = (name: string) =>
  call<undefined>(`${userPath(name)}/second-step`, { method: 'DELETE' });

export function saveRole(id: string, body: Body<'/api/admin/roles/{id}', 'put'>): Promise<Role> {
  return call(`api/admin/roles/${encodeURIComponent(id)}`, { method: 'PUT', body });
}

export const deleteRole = (id: string) =>
  call<undefined>(`api/admin/roles/${encodeURIComponent(id)}`, { method: 'DELETE' });

export const endSession = (id: string) =>
  call<undefined>(`api/security/sessions/${encodeURIComponent(id)}`, { method: 'DELETE' });

export const endOtherSessions = () => call<undefined>('api/security/sessions', { method: 'DELETE' });

export const resetLockout = (identifier: string) =>
  call<undefined>('api/security/reset-lockout', { method: 'POST', body: { identifier } });

export const beginSecondStep = () => call<Enrolment>('api/security/second-step', { method: 'POST' });

export const enableSecondStep = async (code: string) =>
  (
    await call<Answer<'/api/security/second-step/enable', 'post'>>('api/security/second-step/enable', {
      method: 'POST',
      body: { code },
    })
  ).recoveryCodes;

export const disableSecondStep = (code: string) =>
  call<undefined>('api/security/second-step/disable', { method: 'POST', body: { code } });

/** What of the audit log is shown. Empty texts select all. */
export interface AuditFilter {
  event?: string | undefined;
  user?: string | undefined;
  text?: string | undefined;
  success?: string | undefined;
  startTime?: string | undefined;
  endTime?: string | undefined;
}

function auditQuery(filter: AuditFilter): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(filter) as [string, string | undefined][]) {
    if (value) query.set(key, value);
  }
  return query;
}

/** How many events a page of the audit log shows. */
export const auditPage = 50;

export function auditEvents(filter: AuditFilter, page: number) {
  const query = auditQuery(filter);
  query.set('limit', String(auditPage));
  query.set('offset', String(page * auditPage));
  return queryOptions({
    queryKey: ['audit', query.toString()],
    queryFn: ({ signal }) => call<Answer<'/api/audit'>>(`api/audit?${query}`, { signal }),
  });
}

/** Where the audit log is had as a file. */
export function auditFile(filter: AuditFilter, format: 'csv' | 'json'): string {
  const query = auditQuery(filter);
  query.set('format', format);
  return address(`api/audit/export?${query}`);
}

export type HookList = Answer<'/api/admin/webhooks/audit'>;

const hookPath = 'api/admin/webhooks/audit';

/** The addresses that are told of events; looked at again and again, since deliveries go on meanwhile. */
export const auditHooks = queryOptions({
  queryKey: ['audit-hooks'],
  queryFn: ({ signal }) => call<HookList>(hookPath, { signal }),
  refetchInterval: 3_000,
});

export const setAuditHooks = (urls: string[]) => call<undefined>(hookPath, { method: 'PUT', body: { urls } });

export const testAuditHook = (url: string) =>
  call<Answer<'/api/admin/webhooks/audit/test', 'post'>>(`${hookPath}/test`, {
    method: 'POST',
    body: { url },
  });

export const newAuditHookSecret = async () =>
  (await call<Answer<'/api/admin/webhooks/audit/secret', 'post'>>(`${hookPath}/secret`, { method: 'POST' }))
    .secret;

export type Protection = Answer<'/api/security/posture'>;

/** How the server is protected, beside what anybody may know. */
export const protection = queryOptions({
  queryKey: ['posture'],
  queryFn: ({ signal }) => call<Protection>('api/security/posture', { signal }),
});

export type License = Answer<'/api/license/status'>;

export const license = queryOptions({
  queryKey: ['license'],
  queryFn: ({ signal }) => call<License>('api/license/status', { signal }),
});

export const activateLicense = (key: string) =>
  call<Answer<'/api/license/activate', 'post'>>('api/license/activate', {
    method: 'POST',
    body: { license_key: key },
  });

export const clearLicense = () => call<unknown>('api/license/clear', { method: 'POST' });

export const verifyAudit = () => call<Answer<'/api/audit/verify'>>('api/audit/verify');
