import type { Point } from '@/api/types.ts';
import type { ChartSpec, Series } from './series.ts';

/** The points as if they had been measured later by so many milliseconds. */
export function shifted(points: readonly Point[], by: number): Point[] {
  return points.map((p) => ({ ...p, timestamp: p.timestamp + by }));
}

/**
 * The lines of the time before that belong to those of a chart, laid over the present time: one for each of its lines, empty
 * where nothing was measured then.
 */
export function linesBefore(spec: ChartSpec, before: readonly ChartSpec[], by: number): Series[] {
  const old = before.find((b) => b.key === spec.key);
  return spec.series.map(({ label }) => ({
    label,
    points: shifted(old?.series.find((s) => s.label === label)?.points ?? [], by),
  }));
}
