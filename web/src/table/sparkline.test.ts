import { describe, expect, it } from 'vitest';
import { pieces, topOf } from './sparkline.ts';

describe('pieces', () => {
  it('is one run where all is known', () => {
    expect(pieces([1, 2, 3])).toEqual([[0, 1, 2]]);
  });
  it('breaks where values are missing', () => {
    expect(pieces([1, 2, 3, null, null, null, 4, 5])).toEqual([
      [0, 1, 2],
      [6, 7],
    ]);
  });
  it('takes the distance that is usual for no gap', () => {
    expect(pieces([1, null, null, null, 2, null, null, null, 3])).toEqual([[0, 4, 8]]);
  });
  it('is nothing of nothing, and one of one', () => {
    expect(pieces([null, null])).toEqual([]);
    expect(pieces([null, 4])).toEqual([[1]]);
  });
});

describe('topOf', () => {
  it('does not make a mountain of an idle machine', () => {
    expect(topOf([1, 2, null], 100)).toBe(25);
    expect(topOf([50], 100)).toBeCloseTo(55);
    expect(topOf([99], 100)).toBe(100);
  });
  it('is the peak of what has no whole', () => {
    expect(topOf([3, 900], undefined)).toBe(900);
    expect(topOf([0, null], undefined)).toBe(1);
  });
});
