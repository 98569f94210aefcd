import { at } from '@/catalog/path.ts';
import type { Resource } from './resource.ts';

export type ById = ReadonlyMap<string, Resource>;

/** Where documents say of which system a resource is: its cluster, and the integration that tells of it. */
export const origins = ['clusterName', 'instance'] as const;

/** Resources of one type and name, where there are several, by that type and name. */
function groupsOf(byId: ById): Resource[][] {
  const groups = new Map<string, Resource[]>();
  for (const r of byId.values()) {
    const key = `${r.type}\n${r.name}`;
    const group = groups.get(key);
    if (group) group.push(r);
    else groups.set(key, [r]);
  }
  return [...groups.values()].filter((g) => g.length > 1);
}

function word(r: Resource, path: string): string {
  const value = at(r.doc, path);
  return typeof value === 'string' ? value : '';
}

/** What tells each of some namesakes from the others: no more than is needed, and nothing where all have it in common. */
function apart(group: readonly Resource[]): string[] {
  const instances = group.map((r) => word(r, 'instance'));
  const clusters = group.map((r, i) => word(r, 'clusterName') || (instances[i] ?? ''));
  const both = clusters.map((c, i) => [...new Set([c, instances[i] ?? ''])].filter(Boolean).join(' · '));
  const ways = [clusters, instances, both];
  const most = Math.max(...ways.map(distinct));
  return most > 1 ? (ways.find((words) => distinct(words) === most) ?? []) : [];
}

function distinct(words: readonly string[]): number {
  return new Set(words).size;
}

/** By whom a resource is told of: what runs on another is told of by the same. */
export function originOf(r: Resource): string {
  return word(r, 'instance');
}

interface Known {
  /** Whether any two have a name in common. */
  any: boolean;
  /** For each name that several bear, by who tells of the bearer, of which system it is. */
  bearers: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** By id, of which system a resource is whose name another has. */
  whose: ReadonlyMap<string, string>;
}

const before = new WeakMap<ById, Known>();

/** The resources that share their names, found once for what the store holds. */
export function namesakes(byId: ById): Known {
  let known = before.get(byId);
  if (known) return known;
  const groups = groupsOf(byId);
  const whose = new Map<string, string>();
  const bearers = new Map<string, Map<string, string>>();
  for (const group of groups) {
    const name = group[0]?.name ?? '';
    const of = bearers.get(name) ?? new Map<string, string>();
    bearers.set(name, of);
    apart(group).forEach((words, i) => {
      const r = group[i];
      if (words === '' || r === undefined) return;
      whose.set(r.id, words);
      of.set(originOf(r), words);
    });
  }
  known = { any: groups.length > 0, whose, bearers };
  before.set(byId, known);
  return known;
}

/** The name of a resource, with the words that tell it from its namesakes; its id where it is not known. */
export function fullName(byId: ById, id: string): string {
  const name = byId.get(id)?.name ?? id;
  const whose = namesakes(byId).whose.get(id);
  return whose === undefined ? name : `${name} (${whose})`;
}
