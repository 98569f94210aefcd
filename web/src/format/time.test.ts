import { describe, expect, it } from 'vitest';
import { unknown } from './number.ts';
import { age, ago, dateTime, duration, instant } from './time.ts';

const day = 86_400;

describe('duration', () => {
  it.each([
    [0, '0 s'],
    [0.9, '0 s'],
    [59, '59 s'],
    [61, '1 min 1 s'],
    [3600, '1 h'],
    [3605, '1 h'],
    [3 * day + 4 * 3600 + 59, '3 d 4 h'],
    [400 * day, '400 d'],
  ])('%d s', (s, want) => {
    expect(duration(s)).toBe(want);
  });

  it.each([undefined, null, -1, NaN, '5'])('is not known from %s', (v) => {
    expect(duration(v)).toBe(unknown);
  });
});

describe('instant', () => {
  it('reads milliseconds and RFC 3339', () => {
    expect(instant(1_700_000_000_000)).toBe(1_700_000_000_000);
    expect(instant('2023-11-14T22:13:20Z')).toBe(1_700_000_000_000);
  });

  it.each([0, -5, NaN, '', 'soon', '0001-01-01T00:00:00Z', null, {}])('is unset for %s', (v) => {
    expect(instant(v)).toBeUndefined();
  });
});

describe('ago', () => {
  const now = Date.parse('2026-02-09T12:00:00Z');
  it.each([
    [0, 'just now'],
    [4, 'just now'],
    [5, '5 s ago'],
    [59, '59 s ago'],
    [60, '1 min ago'],
    [3599, '59 min ago'],
    [3600, '1 h ago'],
    [day - 1, '23 h ago'],
    [-30, 'just now'],
    [-100, 'in 1 min'],
    [-3599, 'in 59 min'],
    [-3600, 'in 1 h'],
    [-(day - 1), 'in 23 h'],
  ])('%d s', (s, want) => {
    expect(ago(now - s * 1000, now)).toBe(want);
  });

  it('is a date after a day and a moment when it is to come', () => {
    expect(ago(now - day * 1000, now)).toMatch(/2026/);
    expect(ago(now + day * 1000, now)).toBe(dateTime(now + day * 1000));
  });
});

describe('age', () => {
  it.each([
    [-5, '0 s'],
    [59, '59 s'],
    [60, '1 min'],
    [7200, '2 h'],
    [3 * day, '3 d'],
  ])('%d s', (s, want) => {
    expect(age(0, s * 1000)).toBe(want);
  });
});
