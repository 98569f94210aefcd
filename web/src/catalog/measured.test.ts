import { describe, expect, it } from 'vitest';
import { measured } from './measured.ts';

const doc = { cpu: 0, memory: { usage: -1, used: 0 }, netIn: 0, nodes: 0, disk: { usage: 12 } };
const away = { doc, status: 'unknown' } as const;

describe('measured', () => {
  it.each([
    ['cpu', 'ratio'],
    ['memory.usage', 'percent'],
    ['memory.used', 'bytes'],
    ['netIn', 'bits'],
  ] as const)('knows no %s of who is away', (path, format) => {
    expect(measured(away, { path, format })).toBeUndefined();
    expect(measured({ doc, status: 'down' }, { path, format })).toBeUndefined();
  });

  it('keeps what is known of who is away: counts, and what was measured before', () => {
    expect(measured(away, { path: 'nodes', format: 'number' })).toBe(0);
    expect(measured(away, { path: 'disk.usage', format: 'percent' })).toBe(12);
  });

  it('takes -1 for a percentage that is not known, and for no other number', () => {
    const path = 'memory.usage';
    expect(measured({ doc, status: 'fine' }, { path, format: 'percent' })).toBeUndefined();
    expect(measured({ doc, status: 'fine' }, { path, format: 'celsius' })).toBe(-1);
  });

  it('takes nothing from who is there, or is stopped', () => {
    expect(measured({ doc, status: 'fine' }, { path: 'netIn', format: 'bits' })).toBe(0);
  });
});
