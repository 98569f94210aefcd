import type { ResourceType } from './catalog.ts';

/** The families that people look for first; those of other plugins follow in the order of the catalogue. */
const order = ['infrastructure', 'workloads', 'storage', 'disks', 'backups', 'replication', 'mail'];

function rank(family: string): number {
  const at = order.indexOf(family);
  return at < 0 ? order.length : at;
}

/** The types by family, the families in the order of the menu; further families stand for what is no resource. */
export function byFamily(
  types: readonly ResourceType[],
  further: readonly string[] = [],
): [string, ResourceType[]][] {
  const families = new Map<string, ResourceType[]>(further.map((f) => [f, []]));
  for (const t of types) families.set(t.family, [...(families.get(t.family) ?? []), t]);
  return [...families].sort(([a], [b]) => rank(a) - rank(b));
}

/** A family as a heading says it. */
export function familyLabel(family: string): string {
  return family.charAt(0).toUpperCase() + family.slice(1);
}
