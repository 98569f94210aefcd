import type { Catalog, ResourceType } from '@/catalog/catalog.ts';
import { instant } from '@/format/time.ts';
import type { Alert, Resource } from './resource.ts';
import { statusOf } from './status.ts';

type Doc = Record<string, unknown>;

function isDoc(v: unknown): v is Doc {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

function str(v: unknown): string {
  return typeof v === 'string' ? v : '';
}

function firstText(doc: Doc, ...members: string[]): string {
  for (const m of members) {
    const s = str(doc[m]);
    if (s !== '') return s;
  }
  return '';
}

function toResource(doc: Doc, type: ResourceType, health: Doc): Resource | undefined {
  const id = firstText(doc, 'id', 'uid');
  if (id === '') return undefined;
  const word = str(doc.status) || 'unknown';
  const heard = health[type.healthKey + id];
  return {
    id,
    type: type.name,
    name: firstText(doc, 'displayName', 'name', 'hostname') || id,
    status: statusOf(word, typeof heard === 'boolean' ? heard : undefined),
    word,
    lastSeen: instant(doc.lastSeen),
    doc,
  };
}

/** The resources in a full state as the wire has it. The catalogue says which sections hold which types. */
export function resourcesOf(state: unknown, catalog: Catalog): Resource[] {
  if (!isDoc(state)) return [];
  const health = isDoc(state.connectionHealth) ? state.connectionHealth : {};
  const found: Resource[] = [];
  for (const type of catalog.types) {
    const section = state[type.section];
    if (!Array.isArray(section)) continue;
    for (const doc of section) {
      const r = isDoc(doc) ? toResource(doc, type, health) : undefined;
      if (r) found.push(r);
    }
  }
  return found;
}

/** The alerts that fire in a full state. */
export function alertsOf(state: unknown): Alert[] {
  if (!isDoc(state) || !Array.isArray(state.activeAlerts)) return [];
  return state.activeAlerts.filter(isDoc).map((a) => ({
    id: str(a.id),
    level: str(a.level),
    resourceId: str(a.resourceId),
    resourceName: str(a.resourceName),
    message: str(a.message),
    start: instant(a.startTime),
    acknowledged: a.acknowledged === true,
  }));
}
