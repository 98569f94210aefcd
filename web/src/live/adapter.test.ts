import { describe, expect, it } from 'vitest';
import { alertsOf } from './adapter.ts';
import { statusOf, urgency } from './status.ts';

describe('alertsOf', () => {
  it('reads what fires, and bears odd members', () => {
    const start = '2026-01-01T00:00:00Z';
    expect(alertsOf([null, { id: 'a', level: 7, startTime: start, acknowledged: 1 }])).toEqual([
      {
        id: 'a',
        level: '',
        resourceId: '',
        resourceName: '',
        message: '',
        start: Date.parse(start),
        acknowledged: false,
      },
    ]);
  });

  it.each([undefined, {}, null])('is none in %j', (list) => {
    expect(alertsOf(list)).toEqual([]);
  });
});

describe('statusOf', () => {
  it('calls a word that nobody knows unknown, and not fine', () => {
    expect(statusOf('wobbly')).toBe('unknown');
    expect(statusOf('')).toBe('unknown');
  });

  it('reads the words of the server', () => {
    const words = ['up', 'degraded', 'down', 'off', 'paused', 'maintenance', 'unknown', 'stale'];
    expect(words.map(statusOf)).toEqual([
      'fine',
      'degraded',
      'down',
      'fine',
      'fine',
      'maintenance',
      'unknown',
      'stale',
    ]);
  });

  it('orders by urgency', () => {
    expect(urgency('down')).toBeLessThan(urgency('stale'));
    expect(urgency('stale')).toBeLessThan(urgency('fine'));
  });
});
