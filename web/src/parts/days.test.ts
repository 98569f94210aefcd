import { expect, test } from 'vitest';
import { dayPaths, dayWords, missedDays, oneDay } from './days.ts';

test('a day is drawn once, protected ones with a mark', () => {
  const paths = dayPaths([0, 1, 3, 5, 0, 1, 1]);
  expect(paths.made).toBe('M1 0h.85v1h-.85zM3 0h.85v1h-.85zM5 0h.85v1h-.85zM6 0h.85v1h-.85z');
  expect(paths.verified).toBe('M2 0h.85v1h-.85z');
  expect(paths.guarded).toBe('M3 0.7h.85v0.3h-.85z');
  expect(paths.missed).toBe('M4 0.35h.85v0.3h-.85z');
});

test('days in words', () => {
  expect(dayWords([0, 1, 3, 5])).toBe('3 of 4 days, 1 verified, 1 protected');
  expect(dayWords([1, 1, 1, 0, 1])).toBe('4 of 5 days, 1 missed');
  expect(dayWords([0, 0])).toBe('0 of 2 days');
  expect([0, 1, 2, 3].map((i) => oneDay([1, 7, 1, 0, 1], i))).toEqual([
    'backup',
    'backup, verified, protected',
    'backup',
    'missed',
  ]);
  expect(oneDay([0, 1], 0)).toBe('no backup');
});

test('days are missed by the rhythm of the guest', () => {
  const every = (n: number, without: number[] = []) =>
    Array.from({ length: 30 }, (_, i) => (i % n === 0 && !without.includes(i) ? 1 : 0));
  expect(missedDays(every(1))).toEqual([]);
  expect(missedDays(every(1, [4, 5, 20]))).toEqual([4, 5, 20]);
  expect(missedDays(every(7))).toEqual([]);
  expect(missedDays(every(7, [14]))).toEqual([14]);
  expect(missedDays(every(2, [10]))).toEqual([10]);
});

test('before the first backup and today nothing is missed, after the last one it is', () => {
  expect(missedDays([0, 0, 0, 1, 1, 1, 0])).toEqual([]);
  expect(missedDays([1, 1, 1, 1, 0, 0, 0])).toEqual([4, 5]);
  expect(missedDays([0, 0])).toEqual([]);
  expect(missedDays([1, 0, 0, 0, 1])).toEqual([]); // two make no rhythm
});

test('days of the week without backups are no gaps', () => {
  const workdays = Array.from({ length: 28 }, (_, i) => (i % 7 < 5 ? 1 : 0));
  expect(missedDays(workdays)).toEqual([]);
  workdays[10] = 0;
  expect(missedDays(workdays)).toEqual([10]);
});
