import { describe, expect, it } from 'vitest';
import { listsOf } from './lists.ts';

describe('listsOf', () => {
  it('shows a course of time with the newest first', () => {
    const at = (hour: number) => ({ timestamp: `2026-01-01T0${hour}:00:00Z`, n: hour });
    expect(listsOf({ mail: [at(1), at(3), at(2)] })[0]?.rows.map((r) => r.n)).toEqual([3, 2, 1]);
  });

  it('finds lists of objects at the top and one level down', () => {
    const lists = listsOf({
      disks: [{ device: 'sda' }],
      sensors: { smart: [{ model: 'X' }] },
      deep: { er: { no: [{ a: 1 }] } },
    });
    expect(lists.map((l) => l.title)).toEqual(['File systems', 'Disks']);
  });

  it('finds no list in what is none', () => {
    expect(listsOf({ a: 1, b: 'x', tags: ['x'], none: [], nil: null, map: { a: 1 } })).toEqual([]);
  });

  it('makes a list of a map of numbers, in the order that people count', () => {
    const [list] = listsOf({ sensors: { temperatureCelsius: { core_10: 51, core_2: 48 } } });
    expect(list?.rows).toEqual([
      { name: 'core 2', value: 48 },
      { name: 'core 10', value: 51 },
    ]);
    expect(list?.columns[1]?.format).toBe('celsius');
  });

  it('makes no list of a map that holds more than numbers', () => {
    expect(listsOf({ sensors: { mixed: { a: 1, b: 'x' }, none: {} } })).toEqual([]);
  });

  it('puts well-known columns first and names them', () => {
    const [list] = listsOf({ disks: [{ zeta: 1, total: 5, mountpoint: '/', name: 'root' }] });
    expect(list?.columns.map((c) => c.label)).toEqual(['Name', 'Mount point', 'Total', 'Zeta']);
  });

  it('collects columns from all rows, at most eight, without the dull and the deep', () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`k${i}`, i]));
    const [list] = listsOf({ odd: [{ wwn: 'x', nested: { a: 1 }, nil: null, a: 1 }, { b: 2 }] });
    expect(list?.columns.map((c) => c.key)).toEqual(['a', 'b']);
    expect(listsOf({ odd: [many] })[0]?.columns).toHaveLength(8);
  });

  it.each([
    ['usedBytes', 5, 'bytes', 'Used'],
    ['total', 5_000_000, 'bytes', 'Total'],
    ['total', 5, 'number', 'Total'],
    ['timestamp', '2026-01-01T00:00:00Z', 'time', 'From'],
    ['lastVerify', '2026-01-01T00:00:00Z', 'time', 'Last verify'],
    ['nextRun', '2026-01-01T00:00:00Z', 'time', 'Next run'],
    ['usage', 5, 'percent', 'Used %'],
    ['temperatureCelsius', 5, 'celsius', 'Temperature'],
    ['uptimeSeconds', 5, 'duration', 'Uptime'],
    ['lastSeen', '2026-01-01T00:00:00Z', 'time', 'Last seen'],
    ['startedAt', 5, 'time', 'Started at'],
    ['runTime', 'a while', 'text', 'Run time'],
    ['is_up', true, 'bool', 'Is up'],
    ['addresses', ['a'], 'list', 'Addresses'],
    ['speedMbps', 5, 'number', 'Speed mbps'],
  ])('shows %s of %j as %s', (key, value, format, label) => {
    expect(listsOf({ odd: [{ [key]: value }] })[0]?.columns).toEqual([{ key, label, format }]);
  });
});
