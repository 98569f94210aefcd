import type { FormField } from './schema.ts';

export type Value = Record<string, unknown>;

/** The object at hand, empty for anything else. */
export function asObject(v: unknown): Value {
  return typeof v === 'object' && v !== null && !Array.isArray(v) ? (v as Value) : {};
}

export function asList(v: unknown): unknown[] {
  return Array.isArray(v) ? (v as unknown[]) : [];
}

/** The object with a member set, or without it when the value is undefined: what is not entered keeps its default. */
export function withMember(o: Value, name: string, v: unknown): Value {
  const next = { ...o, [name]: v };
  return v === undefined ? Object.fromEntries(Object.entries(next).filter(([key]) => key !== name)) : next;
}

/** The value of a text as the field means it; undefined when nothing was entered. */
export function fromText(f: FormField, text: string): unknown {
  if (text === '') return undefined;
  if (f.kind !== 'number') return text;
  const n = Number(text);
  // What is no number goes to the server as it is: its answer names the key and says what is expected.
  return text.trim() !== '' && Number.isFinite(n) ? n : text;
}

/** The text of a value in an input. */
export function toText(v: unknown): string {
  if (typeof v === 'string') return v;
  return typeof v === 'number' || typeof v === 'boolean' ? String(v) : '';
}

/** What a new element of a list begins with. */
export function blank(f: FormField | undefined): unknown {
  switch (f?.kind) {
    case 'group':
      return {};
    case 'bool':
      return false;
    case 'list':
      return [];
    default:
      return '';
  }
}

/** A finding of the plugin at a dotted path. */
export interface Finding {
  severity: string;
  path?: string;
  summary: string;
  detail?: string;
}

/** The text of the findings at a path, empty without any. */
export function findingAt(findings: readonly Finding[], path: string): string {
  return findings
    .filter((f) => (f.path ?? '') === path)
    .map((f) => (f.detail ? `${f.summary}: ${f.detail}` : f.summary))
    .join(' ');
}
