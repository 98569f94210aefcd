import type { Column, ResourceType } from './catalog.ts';

export type Verdict = 'fine' | 'warning' | 'critical';

/**
 * Says whether a column's value is past the threshold that its type declares for the metric. A column without a threshold
 * is never judged: the server is the one judge, the page only colours what it will say too.
 */
export function judge(type: ResourceType, column: Column, value: unknown): Verdict {
  if (typeof value !== 'number' || column.metric === '') return 'fine';
  const metric = type.metrics.find((m) => m.name === column.metric);
  // Thresholds are in canonical units, percentages on the wire are not.
  const canonical = column.format === 'percent' && metric?.unit === 'ratio' ? value / 100 : value;
  let verdict: Verdict = 'fine';
  for (const t of type.thresholds) {
    if (t.metric !== column.metric) continue;
    const past = t.below ? canonical <= t.trigger : canonical >= t.trigger;
    if (!past) continue;
    if (t.severity === 'critical') return 'critical';
    verdict = 'warning';
  }
  return verdict;
}
