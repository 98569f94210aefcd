import { expect, test } from 'vitest';
import { dayPaths, dayWords, longestGap } from './days.ts';

test('a day is drawn once, protected ones with a mark', () => {
  const paths = dayPaths([0, 1, 3, 5]);
  expect(paths.made).toBe('M1 0h.85v1h-.85zM3 0h.85v1h-.85z');
  expect(paths.verified).toBe('M2 0h.85v1h-.85z');
  expect(paths.guarded).toBe('M3 0.7h.85v0.3h-.85z');
});

test('days in words', () => {
  expect(dayWords([0, 1, 3, 5])).toBe('3 of 4 days, 1 verified, 1 protected');
  expect(dayWords([0, 0])).toBe('0 of 2 days');
});

test('the longest gap begins with the first backup', () => {
  expect(longestGap([0, 0, 0, 1, 0, 0, 1, 1])).toBe(2);
  expect(longestGap([1, 0, 0, 0])).toBe(3);
  expect(longestGap([0, 0])).toBe(0);
});
