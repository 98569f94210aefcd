import { describe, expect, it } from 'vitest';
import { unknown } from './number.ts';
import { precise, show, type Format } from './value.ts';

const formats: Format[] = [
  'text',
  'number',
  'ratio',
  'percent',
  'bytes',
  'bytes_per_second',
  'bits',
  'duration',
  'time',
  'celsius',
  'watt',
  'list',
  'bool',
  'rpm',
];

describe('show', () => {
  it.each(formats)('has a dash for what is not known: %s', (format) => {
    for (const v of [undefined, null, {}, NaN]) expect(show(v, format)).toBe(unknown);
  });

  it.each<[unknown, Format, string]>([
    [1350, 'text', '1350'],
    [0.5, 'ratio', '50 %'],
    [50, 'percent', '50 %'],
    [2048, 'bytes_per_second', '2.00 KiB/s'],
    [1000, 'bits', '8.00 kbit/s'],
    [93_600, 'duration', '1 d 2 h'],
    [41.6, 'celsius', '42 °C'],
    [7, 'watt', '7 W'],
    [900, 'rpm', '900 rpm'],
    [true, 'bool', 'yes'],
    [false, 'bool', 'no'],
    ['', 'text', unknown],
    [3, 'text', '3'],
    [['a', 'b'], 'list', 'a, b'],
    [['pve1', 'pve10', 'pve2'], 'list', 'pve1, pve2, pve10'],
    [[0.1234, 2], 'list', '0.123, 2'],
    [['b', 5, 'a'], 'list', 'b, 5, a'],
    [[], 'list', unknown],
    ['a', 'list', 'a'],
  ])('%s as %s', (v, format, want) => {
    expect(show(v, format).replaceAll(/(?<=\d),(?=\d)/g, '.')).toBe(want);
  });

  it('tells moments from now', () => {
    expect(show(1_700_000_000_000, 'time', 1_700_000_060_000)).toBe('1 min ago');
  });
});

describe('precise', () => {
  it('gives the number behind a rounded one, in the unit on the wire', () => {
    expect(precise(1_234_567, 'bytes')?.replaceAll(/[^\da-z]/g, '')).toBe('1234567bytes');
    expect(precise(0.5, 'ratio')).toBe('50 %');
    expect(precise(10, 'bits')).toBe('10 bytes/s');
  });

  it('says nothing when it would say nothing new', () => {
    expect(precise('x', 'text')).toBeUndefined();
    expect(precise(undefined, 'bytes')).toBeUndefined();
    expect(precise('soon', 'time')).toBeUndefined();
  });
});
