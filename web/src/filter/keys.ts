import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { at } from '@/catalog/path.ts';
import { natural } from '@/format/natural.ts';
import type { Resource } from '@/live/resource.ts';
import { statuses } from '@/live/status.ts';
import { tagsOf } from './match.ts';
import type { Key } from './suggest.ts';

const fixed: readonly Key[] = [
  { name: 'status', label: 'State', compared: false },
  { name: 'tag', label: 'Tag', compared: false },
  { name: 'type', label: 'Type', compared: false },
  { name: 'name', label: 'Name', compared: false },
];

function isWords(c: Column): boolean {
  return c.format === 'text' || c.format === 'list' || c.format === 'bool';
}

/** The keys that a filter over some types may use, those that most often help first. */
export function filterKeys(types: readonly ResourceType[]): Key[] {
  const found = new Map(fixed.map((k) => [k.name, k]));
  if (types.length < 2) found.delete('type');
  for (const type of types) {
    for (const c of type.columns) {
      if (c.name !== 'tags' && !found.has(c.name)) {
        found.set(c.name, { name: c.name, label: c.label, compared: !isWords(c) });
      }
    }
  }
  return [...found.values()];
}

/** Where the values of a key come from: the paths in documents that must be known, and what is read from them. */
export interface Values {
  paths: string[];
  of: (byId: ReadonlyMap<string, Resource>) => string[];
}

/** More are not looked through. */
const most = 500;

function words(v: unknown): string[] {
  if (Array.isArray(v)) return v.filter((x): x is string => typeof x === 'string');
  return typeof v === 'string' && v !== '' ? [v] : [];
}

/** The values that a key has among the resources of some types. */
export function filterValues(types: readonly ResourceType[], key: string): Values {
  const byName = new Map(types.map((t) => [t.name, t]));
  const distinct =
    (read: (r: Resource, type: ResourceType) => string[]): Values['of'] =>
    (byId) => {
      const found = new Set<string>();
      for (const r of byId.values()) {
        const type = byName.get(r.type);
        if (type) for (const v of read(r, type)) found.add(v);
        if (found.size >= most) break;
      }
      return [...found].sort(natural);
    };
  switch (key) {
    case 'status':
      return { paths: [], of: () => [...statuses] };
    case 'type':
      return { paths: [], of: distinct((_, type) => [type.name]) };
    case 'name':
      return { paths: [], of: distinct((r) => [r.name]) };
    case 'tag':
    case 'tags':
      return { paths: ['tags'], of: distinct(tagsOf) };
    default: {
      const paths = types.flatMap((t) =>
        t.columns.filter((c) => c.name === key && isWords(c)).map((c) => c.path),
      );
      return {
        paths: [...new Set(paths)].filter(Boolean),
        of: distinct((r, type) => words(at(r.doc, type.columns.find((c) => c.name === key)?.path ?? ''))),
      };
    }
  }
}
