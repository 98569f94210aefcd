import type { Answer } from '@/api/types.ts';
import type { Threshold } from '@/catalog/catalog.ts';

type Limit = Answer<'/api/alerts/limits'>['limits'][number];

/** The limits of a resource as its type's thresholds: one for each severity. */
export function thresholdsOf(limits: readonly Limit[]): Threshold[] {
  return limits.flatMap(({ metric, trigger, below, severity, critical }) => [
    { metric, trigger, below, severity },
    ...(typeof critical === 'number' ? [{ metric, trigger: critical, below, severity: 'critical' }] : []),
  ]);
}
