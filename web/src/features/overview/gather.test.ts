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
    const told = gather([event('backup', 'a'), event('start', 'b'), event('backup', 'c')]).map((e) =>
      tell(e),
    );
    expect(told).toEqual(['a was backed up', 'b was backed up', 'c was backed up']);
  });
  it('is one line where the same happened to many', () => {
    const [night] = gather(['a', 'b', 'a', 'c', 'd', 'e'].map((name) => event('backup', name)));
    expect(night && tell(night)).toBe('Backed up: a, b, c and 2 more');
    expect(night?.count).toBe(6);
  });
  it('tells those of one name apart', () => {
    const both = [
      { ...event('backup', 'pve1'), stateId: 'east/pve1' },
      { ...event('backup', 'pve1'), stateId: 'west/pve1' },
    ];
    const [one] = gather(both);
    const whose = new Map([
      ['east/pve1', 'east'],
      ['west/pve1', 'west'],
    ]);
    expect(one && tell(one, whose)).toBe('Backed up: pve1 (east), pve1 (west)');
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
