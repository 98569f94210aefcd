import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { at } from '@/catalog/path.ts';
import { natural } from '@/format/natural.ts';
import { namesakes, originOf, type ById } from '@/live/namesakes.ts';
import type { Resource } from '@/live/resource.ts';
import { statuses } from '@/live/status.ts';
import { tagsOf } from './match.ts';

/** Something that rows may be grouped by. */
export interface Grouping {
  name: string;
  label: string;
}

/** Groups by what is in words; the name would make a group for each. */
function groups(c: Column): boolean {
  return (c.format === 'text' || c.format === 'list' || c.format === 'bool') && c.name !== 'name';
}

/** What the resources of some types can be grouped by. */
export function groupingsOf(types: readonly ResourceType[]): Grouping[] {
  const found = new Map<string, string>([
    ['status', 'Status'],
    ['tag', 'Tag'],
  ]);
  if (types.length > 1) found.set('type', 'Type');
  for (const type of types) {
    for (const c of type.columns)
      if (groups(c) && !found.has(c.name) && c.name !== 'tags') found.set(c.name, c.label);
  }
  return [...found].map(([name, label]) => ({ name, label }));
}

/** The paths in documents that a grouping reads. */
export function groupPaths(types: readonly ResourceType[], by: string): string[] {
  if (by === '' || by === 'status' || by === 'type') return [];
  if (by === 'tag') return ['tags'];
  return [...new Set(types.flatMap((t) => t.columns.filter((c) => c.name === by).map((c) => c.path)))];
}

/**
 * A word by which a resource is grouped, with whose it is where it is the name of several others: nodes of two clusters are two
 * groups although they are called the same.
 */
function whoseGroup(byId: ById, r: Resource, word: string): string {
  const whose = namesakes(byId).bearers.get(word)?.get(originOf(r));
  return whose === undefined ? word : `${word} (${whose})`;
}

/** The groups that a resource is in: none of a kind that it does not have. */
function groupsOf(byId: ById, r: Resource, type: ResourceType | undefined, by: string): string[] {
  if (by === 'status') return [r.status];
  if (by === 'type') return [type?.plural ?? r.type];
  if (by === 'tag') return tagsOf(r);
  const column = type?.columns.find((c) => c.name === by);
  const value = column && at(r.doc, column.path);
  if (Array.isArray(value)) return value.filter((v): v is string => typeof v === 'string' && v !== '');
  if (typeof value === 'boolean') return [value ? 'yes' : 'no'];
  return typeof value === 'string' && value !== '' ? [whoseGroup(byId, r, value)] : [];
}

/**
 * A line of a table: the head of a group, or a resource in it. Lines are texts so that lists of them compare at no cost; a
 * resource that is in several groups has a line in each.
 */
export function lineOf(group: string, id = ''): string {
  return `${id}\n${group}`;
}

/** The parts of a line; without an id it is the head of a group. Rows that are not grouped are ids alone. */
export function partsOf(line: string): { id: string; group: string | undefined } {
  const cut = line.indexOf('\n');
  return cut < 0 ? { id: line, group: undefined } : { id: line.slice(0, cut), group: line.slice(cut + 1) };
}

/** The most urgent state first, other groups by name, and last what is in no group. */
function compareGroups(a: string, b: string, by: string): number {
  if (a === '' || b === '') return a === '' ? (b === '' ? 0 : 1) : -1;
  const known: readonly string[] = statuses;
  return by === 'status' ? known.indexOf(a) - known.indexOf(b) : natural(a, b);
}

/** Resources under the heads of their groups; within a group they keep their order. */
export function grouped(
  ids: readonly string[],
  byId: ById,
  types: ReadonlyMap<string, ResourceType>,
  by: string,
): string[] {
  const found = new Map<string, string[]>();
  for (const id of ids) {
    const r = byId.get(id);
    if (!r) continue;
    const of = groupsOf(byId, r, types.get(r.type), by);
    for (const g of of.length > 0 ? new Set(of) : ['']) {
      const members = found.get(g);
      if (members) members.push(id);
      else found.set(g, [id]);
    }
  }
  return [...found]
    .sort(([a], [b]) => compareGroups(a, b, by))
    .flatMap(([group, members]) => [lineOf(group), ...members.map((id) => lineOf(group, id))]);
}
