import { natural } from '@/format/natural.ts';
import { instant } from '@/format/time.ts';
import type { Format } from '@/format/value.ts';

/** A list inside a document, ready for a table. */
export interface List {
  key: string;
  title: string;
  columns: ListColumn[];
  rows: Readonly<Record<string, unknown>>[];
}

export interface ListColumn {
  key: string;
  label: string;
  format: Format;
}

type Doc = Readonly<Record<string, unknown>>;

/** Names for members that documents of many types share; others are named after their key. */
const titles: Record<string, string> = {
  disks: 'File systems',
  networkInterfaces: 'Network interfaces',
  diskIO: 'Disk counters',
  temperatureCelsius: 'Temperatures',
  fanRpm: 'Fans',
  powerWatts: 'Power',
  smart: 'Disks',
  raid: 'Arrays',
  zfsPools: 'ZFS pools',
  additional: 'Other sensors',
};

const labels: Record<string, string> = {
  mountpoint: 'Mount point',
  wwn: 'WWN',
  mac: 'MAC',
  id: 'ID',
  rxBytes: 'Received',
  txBytes: 'Sent',
  usage: 'Used %',
  readOps: 'Reads',
  writeOps: 'Writes',
  guid: 'GUID',
  timestamp: 'From',
};

/** Columns that come first, in this order, where a list has them. */
const leading = [
  'name',
  'mountpoint',
  'device',
  'model',
  'type',
  'status',
  'health',
  'state',
  'usage',
  'used',
  'total',
  'free',
];

/** The order of well-known lists; others follow. */
const order = Object.keys(titles);

/** Members that mean nothing to people. */
const dull = /^(wwn|guid|serial|capabilities|.*TimeMs|ioTimeMs)$/;

const mostColumns = 8;

function words(key: string): string {
  const text = key
    .replace(/(Bytes|Celsius|Percent|Seconds)$/, '')
    .replaceAll(/([a-z\d])([A-Z])/g, '$1 $2')
    .replaceAll(/[_-]/g, ' ')
    .toLowerCase();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** No total of bytes is as small as this: it counts things. */
const fewBytes = 4096;

function isMoment(key: string, sample: unknown): boolean {
  const named = /(At|Time|Seen|Run|^last[A-Z].*)$/.test(key) || key === 'timestamp';
  return named && instant(sample) !== undefined;
}

function formatOf(key: string, sample: unknown): Format {
  if (Array.isArray(sample)) return 'list';
  if (typeof sample === 'boolean') return 'bool';
  if (typeof sample !== 'number') {
    return isMoment(key, sample) ? 'time' : 'text';
  }
  if (/bytes$/i.test(key) || (/^(total|used|free|size|avail)$/.test(key) && sample >= fewBytes))
    return 'bytes';
  if (/percent/i.test(key) || key === 'usage') return 'percent';
  if (/celsius|^temperature$/i.test(key)) return 'celsius';
  if (/seconds$/i.test(key)) return 'duration';
  return /(At|Seen)$/.test(key) ? 'time' : 'number';
}

function isScalar(v: unknown): boolean {
  return v !== null && (typeof v !== 'object' || (Array.isArray(v) && v.every((x) => typeof x !== 'object')));
}

function isRow(v: unknown): v is Doc {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

function lead(key: string): number {
  const i = leading.indexOf(key);
  return i < 0 ? leading.length : i;
}

function tableOf(key: string, rows: Doc[]): List {
  const samples = new Map<string, unknown>();
  for (const row of rows) {
    for (const [k, v] of Object.entries(row)) {
      if (!isScalar(v) || dull.test(k)) continue;
      const sample = samples.get(k);
      // The largest number tells best what it counts.
      if (sample === undefined || (typeof v === 'number' && typeof sample === 'number' && v > sample)) {
        samples.set(k, v);
      }
    }
  }
  const columns = [...samples]
    .map(([k, sample]) => ({ key: k, label: labels[k] ?? words(k), format: formatOf(k, sample) }))
    .sort((a, b) => lead(a.key) - lead(b.key))
    .slice(0, mostColumns);
  return { key, title: titles[key] ?? words(key), columns, rows: newestFirst(rows) };
}

/** Rows of a course of time, the newest first. */
function newestFirst(rows: Doc[]): Doc[] {
  const when = (row: Doc) => instant(row.timestamp);
  if (rows.some((r) => when(r) === undefined)) return rows;
  return [...rows].sort((a, b) => (when(b) ?? 0) - (when(a) ?? 0));
}

const mapFormats: [RegExp, Format][] = [
  [/celsius/i, 'celsius'],
  [/rpm/i, 'rpm'],
  [/watt/i, 'watt'],
];

/** A member like {"cpu_package": 51}: names and numbers. */
function numbersOf(key: string, map: Doc): List | undefined {
  const rows = Object.entries(map).map(([name, value]) => ({ name: name.replaceAll('_', ' '), value }));
  if (rows.length === 0 || rows.some((r) => typeof r.value !== 'number')) return undefined;
  rows.sort((a, b) => natural(a.name, b.name));
  const format = mapFormats.find(([word]) => word.test(key))?.[1] ?? 'number';
  return {
    key,
    title: titles[key] ?? words(key),
    columns: [
      { key: 'name', label: 'Name', format: 'text' },
      { key: 'value', label: 'Value', format },
    ],
    rows,
  };
}

function listOf(key: string, v: unknown): List[] {
  if (Array.isArray(v)) {
    const rows = v.filter(isRow);
    return rows.length > 0 ? [tableOf(key, rows)] : [];
  }
  return [];
}

/**
 * The lists in a document: arrays of objects, at its top or one level down, and maps of numbers one level down. Nothing
 * here depends on the type, so a document of a plugin that nobody knew is shown as well as any.
 */
export function listsOf(doc: Doc): List[] {
  const found: List[] = [];
  for (const [key, v] of Object.entries(doc)) {
    found.push(...listOf(key, v));
    if (!isRow(v)) continue;
    for (const [inner, w] of Object.entries(v)) {
      found.push(...listOf(inner, w));
      const numbers = isRow(w) ? numbersOf(inner, w) : undefined;
      if (numbers) found.push(numbers);
    }
  }
  const at = (l: List) => (order.includes(l.key) ? order.indexOf(l.key) : order.length);
  return found.sort((a, b) => at(a) - at(b));
}
