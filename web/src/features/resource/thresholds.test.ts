import { expect, it } from 'vitest';
import { thresholdsOf } from './thresholds.ts';

it('a limit is a threshold, and one more where it is critical', () => {
  const low = { metric: 'left', trigger: 5, clear: 6, below: true, severity: 'warning' };
  const both = { metric: 'cpu', trigger: 0.8, clear: 0.7, critical: 0.9, below: false, severity: 'warning' };
  expect(thresholdsOf([low, both])).toEqual([
    { metric: 'left', trigger: 5, below: true, severity: 'warning' },
    { metric: 'cpu', trigger: 0.8, below: false, severity: 'warning' },
    { metric: 'cpu', trigger: 0.9, below: false, severity: 'critical' },
  ]);
});
