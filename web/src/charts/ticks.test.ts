import { describe, expect, it } from 'vitest';
import { timeLabels } from './ticks.ts';

/** Seconds of a local time, so that the tests hold in each time zone. */
const local = (...parts: [number, number, number, number?, number?, number?]) =>
  new Date(...parts).getTime() / 1000;

describe('timeLabels', () => {
  it('shows the time within a day and the day at midnight', () => {
    const labels = timeLabels([local(2026, 2, 9, 22), local(2026, 2, 9, 23), local(2026, 2, 10, 0)]);
    expect(labels[0]).toMatch(/22.00/);
    expect(labels[2]).toMatch(/10/);
    expect(labels[2]).not.toMatch(/00/);
  });

  it('shows seconds only when marks are closer than a minute', () => {
    expect(timeLabels([local(2026, 2, 9, 8, 0, 15), local(2026, 2, 9, 8, 0, 30)])[1]).toMatch(/08.00.30/);
    expect(timeLabels([local(2026, 2, 9, 8, 1), local(2026, 2, 9, 8, 2)])[1]).toMatch(/^08.02$/);
  });

  it('shows months over a year', () => {
    expect(timeLabels([local(2026, 2, 1), local(2026, 3, 1)])[0]).toMatch(/2026/);
  });

  it('takes a single mark and none', () => {
    expect(timeLabels([local(2026, 2, 9, 8)])).toHaveLength(1);
    expect(timeLabels([])).toEqual([]);
  });
});
