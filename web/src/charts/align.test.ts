import { describe, expect, it } from 'vitest';
import { align, gapsOf, lonely, nearest, stepOf, summarize } from './align.ts';

/** Points of [time, value], or [time, value, min, max]. */
function points(...of: [number, number, number?, number?][]) {
  return of.map(([timestamp, value, min = value, max = value]) => ({ timestamp, value, min, max }));
}

const every = (step: number, ...times: number[]) =>
  points(...times.map((t): [number, number] => [t * step, t]));

describe('stepOf', () => {
  it.each([
    [[], 0],
    [[5], 0],
    [[1, 2, 3], 10],
    [[1, 2, 3, 90], 10],
  ])('of points at %j', (times, want) => {
    expect(stepOf(every(10, ...times))).toBe(want);
  });
});

describe('gapsOf', () => {
  it('bears a point that is late or missing', () => {
    expect(gapsOf(every(10, 1, 2, 3, 5, 6))).toEqual([]);
  });

  it('breaks the line a step after the last point before a hole', () => {
    expect(gapsOf(every(10, 1, 2, 3, 6, 7))).toEqual([40]);
  });

  it('finds none in one point', () => {
    expect(gapsOf(every(10, 1))).toEqual([]);
  });
});

describe('align', () => {
  it('makes nothing of nothing', () => {
    expect(align([])).toEqual({ x: [], lines: [], spread: false });
    expect(align([[]]).lines[0]?.value).toEqual([]);
  });

  it('keeps a gap a gap', () => {
    const { x, lines } = align([every(1000, 1, 2, 3, 8)]);
    expect(x).toEqual([1, 2, 3, 4, 8]);
    expect(lines[0]?.value).toEqual([1, 2, 3, null, 8]);
    expect(lines[0]?.min[3]).toBeNull();
  });

  it('puts lines of other times over one axis without breaking either', () => {
    const { x, lines } = align([points([1000, 1], [3000, 3]), points([2000, 20], [4000, 40])]);
    expect(x).toEqual([1, 2, 3, 4]);
    expect(lines.map((l) => l.value)).toEqual([
      [1, undefined, 3, undefined],
      [undefined, 20, undefined, 40],
    ]);
  });

  it('breaks only the line that has the hole', () => {
    const { x, lines } = align([every(1000, 1, 2, 3, 7), every(1000, 1, 2, 3, 4, 5, 6, 7)]);
    expect(lines[0]?.value[x.indexOf(4)]).toBeNull();
    expect(lines[1]?.value).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('has a band only where a point stands for more than one value', () => {
    expect(align([points([1000, 2])]).spread).toBe(false);
    const band = align([points([1000, 2, 1, 5])]);
    expect(band.spread).toBe(true);
    expect(band.lines[0]).toEqual({ value: [2], min: [1], max: [5] });
  });

  it('keeps zero a value', () => {
    expect(align([points([1000, 0])]).lines[0]?.value).toEqual([0]);
  });
});

describe('lonely', () => {
  it.each<[(number | null | undefined)[], number[]]>([
    [[], []],
    [[1], [0]],
    [[1, 2], []],
    [[1, undefined, 2], []],
    [
      [1, null, 2, 3, null, 4],
      [0, 5],
    ],
    [[undefined, 0, undefined, null, null, 2, 3], [1]],
    [[1, 2, null, 3, null], [3]],
  ])('of %j', (values, want) => {
    expect(lonely(values)).toEqual(want);
  });
});

describe('nearest', () => {
  it.each<[(number | null | undefined)[], number, number | undefined]>([
    [[], 0, undefined],
    [[1, 2, 3], 1, 2],
    [[1, undefined, undefined, undefined, 3], 1, 1],
    [[1, undefined, undefined, undefined, 3], 3, 3],
    [[1, null, 3], 1, undefined],
    [[undefined, undefined, 0], 0, 0],
  ])('of %j at %d', (values, at, want) => {
    expect(nearest(values, at)).toBe(want);
  });
});

describe('summarize', () => {
  it('knows nothing of nothing', () => {
    expect(summarize([], 0)).toEqual({ now: undefined, min: undefined, avg: undefined, max: undefined });
  });

  it('takes extremes from what rollups stand for', () => {
    const list = points([1000, 2, 1, 9], [2000, 4, 3, 5]);
    expect(summarize(list, 2000)).toEqual({ now: 4, min: 1, avg: 3, max: 9 });
  });

  it('does not pass off an old value as now', () => {
    const list = every(1000, 1, 2, 3);
    expect(summarize(list, 63_000).now).toBe(3);
    expect(summarize(list, 63_001).now).toBeUndefined();
  });
});
