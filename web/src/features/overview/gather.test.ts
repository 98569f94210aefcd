import { describe, expect, it } from 'vitest';
import type { Happened } from '@/api/queries.ts';
import { gather, tell } from './gather.ts';

const event = (kind: string, resourceName: string, severity: Happened['severity'] = 'info'): Happened => ({
  id: `${kind}/${resourceName}`,
  kind,
  label: 'Backed up',
  time: '2026-01-01T00:00:00Z',
  severity,
  text: `${resourceName} was backed up`,
  ...(resourceName && { resourceName }),
});

describe('what happened lately', () => {
  it('is told one by one where kinds change', () => {
    const told = gather([event('backup', 'a'), event('start', 'b'), event('backup', 'c')]).map(tell);
    expect(told).toEqual(['a was backed up', 'b was backed up', 'c was backed up']);
  });
  it('is one line where the same happened to many', () => {
    const [night] = gather(['a', 'b', 'a', 'c', 'd', 'e'].map((name) => event('backup', name)));
    expect(night && tell(night)).toBe('Backed up: a, b, c and 2 more');
    expect(night?.count).toBe(6);
  });
  it('does not hide a failure among successes', () => {
    expect(
      gather([event('backup', 'a'), event('backup', 'b', 'warning'), event('backup', 'c')]),
    ).toHaveLength(3);
  });
  it('counts what has no name', () => {
    const [one] = gather([event('x', ''), event('x', '')]);
    expect(one && tell(one)).toBe(' was backed up (2 times)');
  });
});
