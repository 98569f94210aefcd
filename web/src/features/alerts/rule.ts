import type { Rule } from '@/api/alerts.ts';
import type { Catalog, Metric } from '@/catalog/catalog.ts';
import { natural } from '@/format/natural.ts';
import { duration } from '@/format/time.ts';

/** How a metric's numbers are written for people: what to multiply with, and the unit behind. */
export function scaleOf(m: Metric | undefined): { factor: number; unit: string } {
  switch (m?.unit) {
    case 'ratio':
      return { factor: 100, unit: '%' };
    case 'celsius':
      return { factor: 1, unit: '°C' };
    case 'bytes_per_second':
      return { factor: 1 / 1048576, unit: 'MiB/s' };
    case 'bytes':
      return { factor: 1 / 1073741824, unit: 'GiB' };
    case 'seconds':
      return { factor: 1, unit: 's' };
    case 'watt':
      return { factor: 1, unit: 'W' };
    case 'rpm':
      return { factor: 1, unit: 'rpm' };
    default:
      return { factor: 1, unit: '' };
  }
}

/** The metric that a rule is about, of the first type that it names or that has it. */
export function metricOf(catalog: Catalog, kind: string, types: readonly string[]): Metric | undefined {
  for (const t of catalog.types) {
    if (types.length > 0 && !types.includes(t.name)) continue;
    const found = t.metrics.find((m) => m.name === kind);
    if (found) return found;
  }
  return undefined;
}

/** Something that a rule may judge: the name of its kind, and what people are shown. */
export type Choice = readonly [kind: string, label: string];

/**
 * What may be judged of a type, or of all: numbers and what plugins find wrong, each once. Things of several types that
 * bear one label are told apart by the types.
 */
export function judgeable(catalog: Catalog, type: string): { numbers: Choice[]; findings: Choice[] } {
  const types = catalog.types.filter((t) => type === '' || t.name === type);
  return {
    numbers: choices(types.map((t) => ({ plural: t.plural, of: t.metrics }))),
    findings: choices(types.map((t) => ({ plural: t.plural, of: t.conditions }))),
  };
}

function choices(
  types: readonly { plural: string; of: readonly { name: string; label: string }[] }[],
): Choice[] {
  const found = new Map<string, { label: string; plurals: string[] }>();
  for (const { plural, of } of types) {
    for (const { name, label } of of) {
      const known = found.get(name);
      if (known) known.plurals.push(plural);
      else found.set(name, { label, plurals: [plural] });
    }
  }
  const labels = [...found.values()].map((f) => f.label);
  const shared = new Set(labels.filter((label, i) => labels.indexOf(label) !== i));
  return [...found]
    .map(([kind, { label, plurals }]): Choice => [
      kind,
      shared.has(label) ? `${label} (${plurals.join(', ')})` : label,
    ])
    .sort(([, a], [, b]) => natural(a, b));
}

/** Kinds that every resource has. */
const common: Readonly<Record<string, string>> = { offline: 'Down', off: 'Stopped', '*': 'Everything' };

/** What a rule judges, as the catalogue calls it: a number, something that a plugin finds wrong, or the state. */
export function judged(kind: string, types: readonly string[], catalog: Catalog): string {
  const condition = catalog.types
    .filter((t) => types.length === 0 || types.includes(t.name))
    .flatMap((t) => t.conditions)
    .find((c) => c.name === kind);
  return common[kind] ?? metricOf(catalog, kind, types)?.label ?? condition?.label ?? kind;
}

function rounded(v: number): string {
  return String(Math.round(v * 100) / 100);
}

/** What a rule does, in a sentence. */
export function sentence(r: Rule, catalog: Catalog): string {
  if (r.off) return 'is not judged';
  if (r.kind === '*') return r.quiet ? 'is shown and told to nobody' : '';
  const lasts = r.for && r.for > 0 ? ` for ${duration(r.for)}` : '';
  const parts: string[] = [];
  if (r.trigger !== undefined && r.trigger !== null) {
    const own = scaleOf(metricOf(catalog, r.kind, r.match.types ?? []));
    const { factor, unit } = r.measure === 'full_in' ? { factor: 1, unit: 'h until full' } : own;
    const number = (v: number) =>
      unit === 's' ? duration(v) : `${rounded(v * factor)}${unit && ` ${unit}`}`;
    const side = r.below ? 'down from' : 'from';
    parts.push(`${r.severity ?? 'warning'} ${side} ${number(r.trigger)}`);
    if (r.critical !== undefined && r.critical !== null) parts.push(`critical ${side} ${number(r.critical)}`);
    if (r.clear !== undefined && r.clear !== null) parts.push(`over at ${number(r.clear)}`);
  } else if (r.severity) {
    parts.push(r.severity);
  }
  return parts.join(', ') + (r.measure === 'change' ? ' an hour' : '') + lasts;
}

/** What a rule is about, in words. */
export function about(r: Rule, catalog: Catalog): string {
  const m = r.match;
  const parts: string[] = [];
  if (m.types?.length) {
    parts.push(m.types.map((t) => catalog.types.find((x) => x.name === t)?.plural ?? t).join(', '));
  }
  if (m.ids?.length) parts.push(m.ids.join(', '));
  if (m.names?.length) parts.push(`named ${m.names.join(', ')}`);
  if (m.tags?.length) parts.push(`tagged ${m.tags.join(', ')}`);
  if (m.integrations?.length) parts.push(`of ${m.integrations.join(', ')}`);
  if (r.instance) parts.push(r.instance.replace(/^=/, ''));
  return parts.join(' · ') || 'Everything';
}

/** The words of a list that was typed with commas. */
export function words(text: string): string[] {
  return text
    .split(',')
    .map((w) => w.trim())
    .filter((w) => w !== '');
}
