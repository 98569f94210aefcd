import type { Range } from './api/queries.ts';

type Search = Record<string, unknown>;

/** The text of a search value; undefined when it says nothing. */
export function text(v: unknown): string | undefined {
  if (typeof v === 'number' || typeof v === 'boolean') return String(v);
  return typeof v === 'string' && v !== '' ? v : undefined;
}

/** The search that every page has. */
export interface RootSearch {
  /** '1' hides all but the page and keeps the screen on. */
  kiosk?: string | undefined;
}

/** The search of a page with charts. */
export interface ChartSearch {
  range?: Range | undefined;
  /** The part that is looked at instead of the range, in Unix milliseconds. */
  from?: string | undefined;
  to?: string | undefined;
  /** The time whose lines are laid under: '1' is that before, see comparedWith for others. */
  compare?: string | undefined;
  /** Ids of resources whose lines are laid over, with commas between. */
  with?: string | undefined;
}

/** The search of the ranking. */
export interface TopSearch {
  metric?: string | undefined;
  type?: string | undefined;
  by?: string | undefined;
  range?: Range | undefined;
}

/** A moment in Unix milliseconds; undefined when it is none. */
export function moment(v: unknown): string | undefined {
  const digits = text(v);
  return digits !== undefined && /^\d{12,14}$/.test(digits) ? digits : undefined;
}

/** The search of a page with a table. What is default is left out of the URL. */
export interface TableSearch {
  q?: string | undefined;
  sort?: string | undefined;
  /** What rows are grouped by. */
  group?: string | undefined;
  /** Names of the columns that show, with commas between. */
  cols?: string | undefined;
  /** 'host' opens the dialog that adds one. */
  add?: string | undefined;
  /** On the page of backups: the state of the guests that show, and a part of their names. */
  state?: string | undefined;
  find?: string | undefined;
  /** What their days say, and a day on which a backup was missed. */
  has?: string | undefined;
  day?: string | undefined;
  /** The list that shows, in a section that has several. */
  list?: string | undefined;
}

export function tableSearch(raw: Search): TableSearch {
  return picked(raw, ['q', 'sort', 'group', 'cols', 'add', 'state', 'find', 'has', 'day', 'list']);
}

/** The search of the audit log: its filter as the server takes it, and the page, from 1. */
export interface AuditSearch {
  event?: string | undefined;
  user?: string | undefined;
  text?: string | undefined;
  success?: string | undefined;
  startTime?: string | undefined;
  endTime?: string | undefined;
  page?: string | undefined;
}

export function auditSearch(raw: Search): AuditSearch {
  return picked(raw, ['event', 'user', 'text', 'success', 'startTime', 'endTime', 'page']);
}

/** The search of the history of alerts. */
export interface HistorySearch {
  severity?: string | undefined;
}

export function historySearch(raw: Search): HistorySearch {
  return picked(raw, ['severity']);
}

/** Of a search the keys that say something. */
function picked<K extends string>(raw: Search, keys: readonly K[]): Partial<Record<K, string>> {
  const pairs = keys.map((key) => [key, text(raw[key])] as const).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as Partial<Record<K, string>>;
}

/** Reads the search of a URL. Its values are plain text: ?q=status:down and not JSON. */
export function parseSearch(search: string): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(search));
}

/** Writes the search of a URL as people would; what is not text is left out. */
export function stringifySearch(search: Search): string {
  const pairs = Object.entries(search).filter((p): p is [string, string] => typeof p[1] === 'string');
  const query = new URLSearchParams(pairs)
    .toString()
    .replaceAll('%3A', ':')
    .replaceAll('%2F', '/')
    .replaceAll('%2C', ',');
  return query && `?${query}`;
}
