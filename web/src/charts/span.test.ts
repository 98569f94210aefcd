import { describe, expect, it } from 'vitest';
import { moved, narrowest, scaled, within } from './span.ts';

describe('spans', () => {
  it('move', () => {
    expect(moved([100, 200], -50)).toEqual([50, 150]);
  });
  it('grow and shrink around a moment', () => {
    expect(scaled([100, 200], 2)).toEqual([50, 250]);
    expect(scaled([100, 200], 0.5, 100)).toEqual([100, 150]);
    expect(scaled([100, 200], 0.5, 200)).toEqual([150, 200]);
  });
  it('do not reach into what is to come, and keep their width', () => {
    expect(within([950, 1050], 1000)).toEqual([900, 1000]);
    expect(within([100, 200], 1000)).toEqual([100, 200]);
  });
  it('are never narrower than points lie, nor wider than anything is kept', () => {
    expect(within([500, 501], 1000)).toEqual([500.5 - narrowest / 2, 500.5 + narrowest / 2]);
    const [from, to] = within([-1e12, 1000], 1000);
    expect(to - from).toBeLessThan(2e8);
  });
});
