import type { ResourceType } from '@/catalog/catalog.ts';
import { measured } from '@/catalog/measured.ts';
import { natural } from '@/format/natural.ts';
import type { Resource } from '@/live/resource.ts';
import { urgency } from '@/live/status.ts';

/** What to sort by; "-cpu" in the URL is the largest first. */
export interface Sort {
  column: string;
  descending: boolean;
}

export function parseSort(text: string | undefined): Sort {
  if (!text) return { column: 'name', descending: false };
  return text.startsWith('-')
    ? { column: text.slice(1), descending: true }
    : { column: text, descending: false };
}

export function sortText(s: Sort): string {
  return (s.descending ? '-' : '') + s.column;
}

function key(r: Resource, type: ResourceType | undefined, column: string): string | number | undefined {
  if (column === 'name') return r.name;
  if (column === 'status') return urgency(r.status);
  const found = type?.columns.find((c) => c.name === column);
  const v = found && measured(r, found);
  return typeof v === 'number' || typeof v === 'string' ? v : undefined;
}

/** The paths in documents that an order by a column reads. */
export function sortPaths(types: readonly ResourceType[], column: string): string[] {
  if (column === 'name' || column === 'status') return [];
  const paths = types.flatMap((t) => t.columns.filter((c) => c.name === column).map((c) => c.path));
  return [...new Set(paths)].filter(Boolean);
}

/** Ids in the asked order. Equal and unknown values keep the order of names; unknown ones come last either way. */
export function order(
  resources: readonly Resource[],
  types: ReadonlyMap<string, ResourceType>,
  sort: Sort,
): string[] {
  const keyed = resources.map((r) => ({ r, k: key(r, types.get(r.type), sort.column) }));
  const sign = sort.descending ? -1 : 1;
  keyed.sort((a, b) => {
    if (a.k === undefined || b.k === undefined) {
      if (a.k !== b.k) return a.k === undefined ? 1 : -1;
    } else {
      const d =
        typeof a.k === 'number' && typeof b.k === 'number' ? a.k - b.k : natural(String(a.k), String(b.k));
      if (d !== 0) return d * sign;
    }
    return natural(a.r.name, b.r.name) || natural(a.r.id, b.r.id) || (a.r.id < b.r.id ? -1 : 1);
  });
  return keyed.map((x) => x.r.id);
}

/** Those that were in a list before come in its order, then the others. */
function asBefore(resources: readonly Resource[], before: readonly string[]): Resource[] {
  const left = new Map(resources.map((r) => [r.id, r]));
  const known = before.flatMap((id) => {
    const r = left.get(id);
    left.delete(id);
    return r ?? [];
  });
  return [...known, ...left.values()];
}

/**
 * Returns a function that orders again and again. It sorts what was sorted before, which takes little time when little
 * moved.
 */
export function orderer(): typeof order {
  let last: string[] = [];
  return (resources, types, sort) => (last = order(asBefore(resources, last), types, sort));
}

/** Returns a function that gives back the list of the time before while it says the same. */
export function steady(): (list: readonly string[]) => readonly string[] {
  let last: readonly string[] = [];
  return (list) => (sameList(last, list) ? last : (last = list));
}

export function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((id, i) => id === b[i]);
}
