import { instant } from '@/format/time.ts';
import type { Alert } from './resource.ts';

type Doc = Record<string, unknown>;

function isDoc(v: unknown): v is Doc {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

function str(v: unknown): string {
  return typeof v === 'string' ? v : '';
}

/** The alerts that fire, of a list as the wire has it. */
export function alertsOf(list: unknown): Alert[] {
  if (!Array.isArray(list)) return [];
  return list.filter(isDoc).map((a) => ({
    id: str(a.id),
    level: str(a.level),
    resourceId: str(a.resourceId),
    resourceName: str(a.resourceName),
    message: str(a.message),
    start: instant(a.startTime),
    acknowledged: a.acknowledged === true,
  }));
}
