import { describe, expect, it } from 'vitest';
import { backoff } from './backoff.ts';

describe('backoff', () => {
  it('doubles from a second up to half a minute', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 1000].map((n) => backoff(n, () => 0.5));
    expect(waits).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  });

  it('spreads by a fifth either way, so that not all come back at once', () => {
    expect(backoff(0, () => 0)).toBe(800);
    expect(backoff(0, () => 1)).toBe(1200);
  });
});
