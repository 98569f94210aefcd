import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { paced } from './paced.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('the first time is at once, and of many that follow one is left', () => {
  const f = vi.fn();
  const ask = paced(f, 10_000);
  ask();
  expect(f).toHaveBeenCalledTimes(1);
  for (let i = 0; i < 20; i++) ask();
  vi.advanceTimersByTime(9_999);
  expect(f).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(1);
  expect(f).toHaveBeenCalledTimes(2);
  vi.advanceTimersByTime(60_000);
  expect(f).toHaveBeenCalledTimes(2);
  ask();
  expect(f).toHaveBeenCalledTimes(3);
});

test('a clock that was set back does not make it wait longer', () => {
  const f = vi.fn();
  const ask = paced(f, 10_000);
  ask();
  vi.setSystemTime(Date.now() - 3_600_000);
  ask();
  vi.advanceTimersByTime(10_000);
  expect(f).toHaveBeenCalledTimes(2);
});
