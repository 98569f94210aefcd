import type { Point } from '@/api/types.ts';
import type { Series } from './series.ts';

/** A cell of a CSV file. A text that a spreadsheet would take for a formula is defused: names come from machines. */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\n\r]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** Lines as a CSV file: a row for each moment, a column for each line, and its extremes where points stand for several values. */
export function csvOf(series: readonly Series[]): string {
  const columns: { head: string; values: Map<number, number> }[] = [];
  for (const { label, points } of series) {
    const column = (head: string, of: (p: Point) => number) =>
      columns.push({ head, values: new Map(points.map((p) => [p.timestamp, of(p)])) });
    column(label, (p) => p.value);
    if (points.some((p) => p.max > p.min)) {
      column(`${label} min`, (p) => p.min);
      column(`${label} max`, (p) => p.max);
    }
  }
  const times = [...new Set(columns.flatMap((c) => [...c.values.keys()]))].sort((a, b) => a - b);
  const rows = times.map((t) => [
    new Date(t).toISOString(),
    ...columns.map((c) => String(c.values.get(t) ?? '')),
  ]);
  return [['time', ...columns.map((c) => cell(c.head))], ...rows].map((r) => `${r.join(',')}\r\n`).join('');
}

/** What a file is called: words and digits of a name, whatever it is made of. */
export function fileName(...parts: string[]): string {
  return parts
    .map((p) => p.replaceAll(/[^\p{L}\p{N}.]+/gu, '-').replaceAll(/^[-.]+|-+$/g, ''))
    .filter(Boolean)
    .join('_');
}
