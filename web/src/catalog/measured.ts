import type { Resource } from '@/live/resource.ts';
import type { Column } from './catalog.ts';
import { at } from './path.ts';

/** What is measured again and again: amounts, shares and rates. Counts are known of who is away, too. */
const gauges: readonly Column['format'][] = [
  'percent',
  'ratio',
  'bytes',
  'bytes_per_second',
  'bits',
  'per_second',
  'duration',
  'celsius',
  'watt',
  'rpm',
];

/**
 * The value of a column; undefined when it is not known. The wire has -1 for a percentage that is not known, and 0 where
 * somebody is away and cannot be measured: these are no numbers.
 */
export function measured(
  r: Pick<Resource, 'doc' | 'status'>,
  column: Pick<Column, 'path' | 'format'>,
): unknown {
  const value = at(r.doc, column.path);
  if (value === -1 && column.format === 'percent') return undefined;
  const away = r.status === 'down' || r.status === 'unknown';
  return away && typeof value === 'number' && value <= 0 && gauges.includes(column.format)
    ? undefined
    : value;
}
