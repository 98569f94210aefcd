import { useQuery } from '@tanstack/react-query';
import { activeAlerts, type Alert } from '@/api/alerts.ts';

/** The alerts of a resource that fire now. Id is any that it is known by. */
export function useAlertsOf(id: string): Alert[] {
  return (useQuery(activeAlerts).data ?? []).filter((a) => a.resourceId === id || a.resourceUid === id);
}
