import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { measured } from '@/catalog/measured.ts';
import { at } from '@/catalog/path.ts';
import { instant } from '@/format/time.ts';
import { units } from '@/format/units.ts';
import type { Format } from '@/format/value.ts';
import type { Resource } from '@/live/resource.ts';
import { quantity, type Term } from './parse.ts';

/** A filter ready to be asked about resources. */
export interface Filter {
  matches: (r: Resource, type: ResourceType) => boolean;
  /** Terms that no type understands, as typed. */
  notUnderstood: readonly string[];
  /** The paths in documents that it reads. */
  paths: readonly string[];
}

const fixedKeys = ['name', 'status', 'type', 'tag', 'id'] as const;

/** Short and other names of keys. */
const aliases: Record<string, string> = {
  mem: 'memory',
  system: 'os',
  host: 'name',
  tags: 'tag',
  temp: 'temperature',
};

/** The words that a filter may ask for as a status, beside the scale's and the product's own. */
const statusWords: Record<string, string> = {
  up: 'fine',
  ok: 'fine',
  warning: 'degraded',
  offline: 'stale',
};

function includes(text: unknown, part: string): boolean {
  if (typeof text === 'number') return String(text).includes(part);
  return typeof text === 'string' && text.toLowerCase().includes(part);
}

function columnFor(type: ResourceType, key: string): Column | undefined {
  return type.columns.find((c) => c.name === key);
}

function statusMatches(r: Resource, wanted: string): boolean {
  const word = r.word.toLowerCase();
  return r.status === wanted || word === wanted || r.status === statusWords[wanted];
}

/** The tags of a resource: those of its source, and those that people gave it. */
export function tagsOf(r: Resource): string[] {
  return [...new Set([...sourceTags(r), ...(r.given ?? [])])];
}

function sourceTags(r: Resource): string[] {
  const t = r.doc.tags;
  if (Array.isArray(t)) return t.filter((x): x is string => typeof x === 'string');
  return typeof t === 'string' ? t.split(/[;,]\s*/) : [];
}

function has(r: Resource, type: ResourceType, key: string, value: string): boolean {
  switch (key) {
    case 'name':
      return includes(r.name, value) || includes(r.doc.hostname, value);
    case 'status':
      return statusMatches(r, value);
    case 'type':
      return includes(type.name, value) || includes(type.label, value);
    case 'tag':
      return tagsOf(r).some((t) => t.toLowerCase() === value);
    case 'id':
      return r.id.toLowerCase() === value;
    default: {
      const column = columnFor(type, key);
      return column !== undefined && includes(at(r.doc, column.path), value);
    }
  }
}

/** The number that a filter compares: as it is shown, a moment as its age in seconds. */
function comparable(value: unknown, format: Format, now: number): number | undefined {
  if (format === 'time') {
    const ms = instant(value);
    return ms === undefined ? undefined : (now - ms) / 1000;
  }
  if (typeof value !== 'number') return undefined;
  if (format === 'ratio') return value * 100;
  return format === 'bits' && units().network === 'bits' ? value * 8 : value;
}

function compares(r: Resource, type: ResourceType, term: Term, now: number): boolean {
  const column = columnFor(type, aliases[term.key] ?? term.key);
  if (!column) return false;
  const shown = comparable(measured(r, column), column.format, now);
  if (shown === undefined) return false;
  // Networks count in thousands, memory and disks as they are written.
  const thousands = column.format === 'bits' || units().size === 'si';
  const bound = quantity(term.value, thousands ? 1000 : 1024);
  return term.op === '>' ? shown > bound : shown < bound;
}

function matchesTerm(r: Resource, type: ResourceType, term: Term, now: number): boolean {
  if (term.op !== ':') return compares(r, type, term, now);
  const value = term.value.toLowerCase();
  if (term.key !== '') return value === '' || has(r, type, aliases[term.key] ?? term.key, value);
  return (
    has(r, type, 'name', value) ||
    tagsOf(r).some((t) => t.toLowerCase().includes(value)) ||
    type.columns.some((c) => isWords(c) && includes(at(r.doc, c.path), value))
  );
}

function understood(term: Term, types: readonly ResourceType[]): boolean {
  if (term.key === '') return true;
  const key = aliases[term.key] ?? term.key;
  const column = types.some((t) => columnFor(t, key));
  if (term.op !== ':') return column && !Number.isNaN(quantity(term.value));
  return column || (fixedKeys as readonly string[]).includes(key);
}

function isWords(c: Column): boolean {
  return c.format === 'text' || c.format === 'list';
}

/** The paths in documents of a type that a term reads. */
function pathsOf(term: Term, type: ResourceType): string[] {
  const key = aliases[term.key] ?? term.key;
  if (key === '') return ['hostname', 'tags', ...type.columns.filter(isWords).map((c) => c.path)];
  if (term.op === ':' && key === 'name') return ['hostname'];
  if (term.op === ':' && key === 'tag') return ['tags'];
  if (term.op === ':' && (fixedKeys as readonly string[]).includes(key)) return [];
  return [columnFor(type, key)?.path ?? ''];
}

/** Makes a filter of terms. Terms that nobody understands are left out and reported. Ages are those at now. */
export function compile(
  terms: readonly Term[],
  types: readonly ResourceType[],
  now: () => number = Date.now,
): Filter {
  const used = terms.filter((t) => understood(t, types));
  return {
    matches: (r, type) => used.every((t) => matchesTerm(r, type, t, now()) !== t.not),
    notUnderstood: terms.filter((t) => !used.includes(t)).map((t) => t.text),
    paths: [...new Set(used.flatMap((t) => types.flatMap((type) => pathsOf(t, type))))].filter(Boolean),
  };
}
