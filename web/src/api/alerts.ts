import { queryOptions } from '@tanstack/react-query';
import { call } from './client.ts';
import type { Answer, Body } from './types.ts';

/** One firing; resolvedTime is there when it is over. */
export type Alert = Answer<'/api/alerts/active'>[number];

/** The reference's alert configuration. */
export type Document = Answer<'/api/alerts/config'>;

export type Rule = Answer<'/api/rules'>['rules'][number];

export type Window = Answer<'/api/maintenance'>['windows'][number];

export type Simulation = Answer<'/api/alerts/simulate', 'post'>;

export type Channel = Answer<'/api/channels'>['channels'][number];

export type Delivery = Answer<'/api/deliveries'>['deliveries'][number];

/** The story of one firing. The description leaves its list open. */
export interface Incident {
  id: string;
  status: 'open' | 'resolved';
  alert: Alert;
  events: { id: string; type: string; timestamp: string; summary: string }[];
}

// What the stream tells of alerts has these asked again; the rest of a story, such as who was told, is followed each minute.

export const activeAlerts = queryOptions({
  queryKey: ['alerts', 'active'],
  queryFn: ({ signal }) => call<Alert[]>('api/alerts/active', { signal }),
  refetchInterval: 60_000,
});

export type Reasons = Answer<'/api/alerts/why'>;

/** Why a kind of finding on a resource fires or does not. */
export function why(resource: string, kind: string, instance: string) {
  const query = new URLSearchParams({ resource_id: resource, kind, instance });
  return queryOptions({
    queryKey: ['alerts', 'why', resource, kind, instance],
    queryFn: ({ signal }) => call<Reasons>(`api/alerts/why?${query}`, { signal }),
    refetchInterval: 60_000,
    retry: false,
  });
}

/** From when on each number of a resource is an alert, after all rules and overrides. */
export function limits(resource: string) {
  return queryOptions({
    queryKey: ['alerts', 'limits', resource],
    queryFn: async ({ signal }) => {
      const query = new URLSearchParams({ resource_id: resource });
      return (await call<Answer<'/api/alerts/limits'>>(`api/alerts/limits?${query}`, { signal })).limits;
    },
    staleTime: 60_000,
    retry: false,
  });
}

export function alertHistory(limit: number, severity: string, from?: string) {
  const query = new URLSearchParams({
    limit: String(limit),
    ...(severity && { severity }),
    ...(from && { startTime: from }),
  });
  return queryOptions({
    queryKey: ['alerts', 'history', limit, severity, from ?? ''],
    queryFn: ({ signal }) => call<Alert[]>(`api/alerts/history?${query}`, { signal }),
    refetchInterval: 60_000,
  });
}

export function incident(id: string) {
  return queryOptions({
    queryKey: ['alerts', 'incident', id],
    queryFn: ({ signal }) =>
      call<Incident | null>(`api/alerts/incidents?incident_id=${encodeURIComponent(id)}`, { signal }),
    refetchInterval: 60_000,
  });
}

export const alertConfig = queryOptions({
  queryKey: ['alerts', 'config'],
  queryFn: ({ signal }) => call<Document>('api/alerts/config', { signal }),
});

export const rules = queryOptions({
  queryKey: ['alerts', 'rules'],
  queryFn: async ({ signal }) => (await call<Answer<'/api/rules'>>('api/rules', { signal })).rules,
});

export const maintenance = queryOptions({
  queryKey: ['alerts', 'maintenance'],
  queryFn: async ({ signal }) =>
    (await call<Answer<'/api/maintenance'>>('api/maintenance', { signal })).windows,
});

export const channels = queryOptions({
  queryKey: ['channels'],
  queryFn: async ({ signal }) => (await call<Answer<'/api/channels'>>('api/channels', { signal })).channels,
  refetchInterval: 10_000,
});

export function deliveries(status: string) {
  const query = status ? `?limit=50&status=${status}` : '?limit=50';
  return queryOptions({
    queryKey: ['deliveries', status],
    queryFn: async ({ signal }) =>
      (await call<Answer<'/api/deliveries'>>(`api/deliveries${query}`, { signal })).deliveries,
    refetchInterval: 10_000,
  });
}

function post(path: string, body?: unknown): Promise<void> {
  return call(path, { method: 'POST', body: body ?? {} });
}

/** What can be done with one alert. */
export const act = {
  acknowledge: (id: string) => post('api/alerts/acknowledge', { id }),
  unacknowledge: (id: string) => post('api/alerts/unacknowledge', { id }),
  clear: (id: string) => post('api/alerts/clear', { id }),
  snooze: (id: string, minutes: number) => post('api/alerts/snooze', { id, minutes }),
};

export function acknowledgeAll(alertIds: string[]): Promise<void> {
  return post('api/alerts/bulk/acknowledge', { alertIds });
}

export function clearAll(alertIds: string[]): Promise<void> {
  return post('api/alerts/bulk/clear', { alertIds });
}

export function activate(): Promise<void> {
  return post('api/alerts/activate');
}

export function addNote(incidentId: string, note: string): Promise<void> {
  return post('api/alerts/incidents/note', { incident_id: incidentId, note });
}

export function saveConfig(body: Document): Promise<void> {
  return call('api/alerts/config', { method: 'PUT', body });
}

export type RuleDraft = Body<'/api/rules'>;

export function saveRule(rule: RuleDraft): Promise<void> {
  return rule.id
    ? call(`api/rules/${encodeURIComponent(rule.id)}`, { method: 'PUT', body: rule })
    : call('api/rules', { method: 'POST', body: rule });
}

export function deleteRule(id: string): Promise<void> {
  return call(`api/rules/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

export function simulate(rule: RuleDraft, hours: number): Promise<Simulation> {
  return call('api/alerts/simulate', { method: 'POST', body: { rule, hours } });
}

export function saveWindow(w: Partial<Window>): Promise<void> {
  return w.id
    ? call(`api/maintenance/${encodeURIComponent(w.id)}`, { method: 'PUT', body: w })
    : call('api/maintenance', { method: 'POST', body: w });
}

export function deleteWindow(id: string): Promise<void> {
  return call(`api/maintenance/${encodeURIComponent(id)}`, { method: 'DELETE' });
}

function place(c: Channel): string {
  return `api/channels/${encodeURIComponent(c.kind)}/${encodeURIComponent(c.name)}`;
}

export function testChannel(c: Channel): Promise<void> {
  return post(`${place(c)}/test`);
}

export function saveRoute(c: Channel, body: Channel['route']): Promise<void> {
  return call(`${place(c)}/route`, { method: 'PUT', body });
}

export function retryDelivery(id: string): Promise<void> {
  return post('api/notifications/dlq/retry', { id });
}

export function dropDelivery(id: string): Promise<void> {
  return post('api/notifications/dlq/delete', { id });
}
