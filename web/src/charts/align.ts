import type { Point } from '@/api/types.ts';

/** Columns over one time axis, as the plot wants them: null is a gap, undefined no point of this line. */
export interface Aligned {
  /** Unix seconds, ascending. */
  x: number[];
  lines: {
    value: (number | null | undefined)[];
    min: (number | null | undefined)[];
    max: (number | null | undefined)[];
  }[];
  /** Whether any point is a rollup with a spread. */
  spread: boolean;
}

/** The usual distance of points in milliseconds: the median, or 0 when there are fewer than two. */
export function stepOf(points: readonly Point[]): number {
  const deltas: number[] = [];
  for (let i = 1; i < points.length; i++) {
    deltas.push((points[i]?.timestamp ?? 0) - (points[i - 1]?.timestamp ?? 0));
  }
  deltas.sort((a, b) => a - b);
  return deltas[Math.floor((deltas.length - 1) / 2)] ?? 0;
}

/** Where a line is broken: moments just after the last point before each hole. A hole is over two and a half steps wide. */
export function gapsOf(points: readonly Point[], step = stepOf(points)): number[] {
  if (step <= 0) return [];
  const gaps: number[] = [];
  for (let i = 1; i < points.length; i++) {
    const before = points[i - 1]?.timestamp ?? 0;
    if ((points[i]?.timestamp ?? 0) - before > step * 2.5) gaps.push(before + step);
  }
  return gaps;
}

/** Puts lines over one time axis and makes gaps where points are missing. */
export function align(all: readonly (readonly Point[])[]): Aligned {
  const gaps = all.map((points) => gapsOf(points));
  const times = new Set<number>();
  all.forEach((points, i) => {
    for (const p of points) times.add(p.timestamp);
    for (const t of gaps[i] ?? []) times.add(t);
  });
  const sorted = [...times].sort((a, b) => a - b);
  const index = new Map(sorted.map((t, i) => [t, i]));
  let spread = false;
  const lines = all.map((points, i) => {
    const empty = () => new Array<number | null | undefined>(sorted.length).fill(undefined);
    const line = { value: empty(), min: empty(), max: empty() };
    for (const p of points) {
      const at = index.get(p.timestamp) ?? 0;
      line.value[at] = p.value;
      line.min[at] = p.min;
      line.max[at] = p.max;
      spread ||= p.max > p.min;
    }
    for (const t of gaps[i] ?? []) {
      const at = index.get(t) ?? 0;
      if (line.value[at] === undefined) line.value[at] = line.min[at] = line.max[at] = null;
    }
    return line;
  });
  return { x: sorted.map((t) => t / 1000), lines, spread };
}

/** The value of a line that is drawn at a place: its own there, or that of its nearest point; undefined in a gap. */
export function nearest(values: ArrayLike<number | null | undefined>, at: number): number | undefined {
  for (let by = 0; by < values.length; by++) {
    const before = values[at - by];
    if (before !== undefined) return before ?? undefined;
    const after = values[at + by];
    if (after !== undefined) return after ?? undefined;
  }
  return undefined;
}

/** The points that no line reaches: those with a gap, or the end, on both sides. They are drawn as dots. */
export function lonely(values: ArrayLike<number | null | undefined>): number[] {
  const found: number[] = [];
  let fresh = true; // the next point begins a piece of line
  let open: number | undefined; // the only point of the piece so far
  for (let i = 0; i < values.length; i++) {
    const v = values[i];
    if (v === undefined) continue;
    if (v === null) {
      if (open !== undefined) found.push(open);
      open = undefined;
      fresh = true;
      continue;
    }
    open = fresh ? i : undefined;
    fresh = false;
  }
  if (open !== undefined) found.push(open);
  return found;
}

/** What the legend tells of a line. */
export interface Summary {
  now: number | undefined;
  min: number | undefined;
  avg: number | undefined;
  max: number | undefined;
}

/** The last value and the extremes; the last counts as now only if it is not older than a hole is wide. */
export function summarize(points: readonly Point[], end: number): Summary {
  if (points.length === 0) return { now: undefined, min: undefined, avg: undefined, max: undefined };
  let min = Infinity;
  let max = -Infinity;
  let sum = 0;
  for (const p of points) {
    min = Math.min(min, p.min);
    max = Math.max(max, p.max);
    sum += p.value;
  }
  const last = points[points.length - 1];
  const fresh = last !== undefined && end - last.timestamp <= Math.max(stepOf(points) * 2.5, 60_000);
  return { now: fresh ? last.value : undefined, min, avg: sum / points.length, max };
}
