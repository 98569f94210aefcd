import type { Alert } from '@/api/alerts.ts';
import type { ResourceType } from '@/catalog/catalog.ts';
import { at } from '@/catalog/path.ts';
import { instant } from '@/format/time.ts';
import type { Resource } from '@/live/resource.ts';

/** Kinds of alerts that are about the state itself. */
const ofState = ['offline', 'off'];

/**
 * Since when a resource is in its state, in Unix milliseconds, as far as that is known: what runs since it was started, what
 * does not since its alert began, and what is not well since the first thing that is wrong with it.
 */
export function sinceWhen(
  resource: Resource,
  type: ResourceType,
  alerts: readonly Pick<Alert, 'kind' | 'startTime'>[],
  conditions: readonly { since: string }[],
): number | undefined {
  if (resource.status === 'stale') return resource.stale?.since;
  const down = alerts.filter((a) => ofState.includes(a.kind ?? '')).map((a) => instant(a.startTime));
  if (resource.status === 'degraded') {
    return earliest([...alerts.map((a) => instant(a.startTime)), ...conditions.map((c) => instant(c.since))]);
  }
  return earliest(down) ?? (resource.status === 'fine' ? startOf(resource, type) : undefined);
}

/** When it was started, from how long it has been up. */
function startOf(resource: Resource, type: ResourceType): number | undefined {
  const column = type.columns.find((c) => c.name === 'uptime' && c.format === 'duration');
  const seconds = column && at(resource.doc, column.path);
  if (typeof seconds !== 'number' || seconds <= 0 || resource.lastSeen === undefined) return undefined;
  return resource.lastSeen - seconds * 1000;
}

function earliest(moments: readonly (number | undefined)[]): number | undefined {
  const known = moments.filter((m) => m !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}
