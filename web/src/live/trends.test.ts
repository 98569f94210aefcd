import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { minutes, Trends, type Values, type Wanted } from './trends.ts';

const cpu = (id: string): Wanted => ({ type: 'host', id, metric: 'cpu' });
const flat = (v: number): Values => new Array<number>(minutes).fill(v);

describe('Trends', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_040_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function filled(values: readonly (Values | null)[] = [flat(1)]) {
    const ask = vi.fn((lines: readonly Wanted[]) => Promise.resolve(lines.map((_, i) => values[i] ?? null)));
    const trends = new Trends(ask);
    trends.want(values.map((_, i) => cpu(String(i))));
    await vi.advanceTimersByTimeAsync(100);
    return { ask, trends };
  }

  it('asks once for what several tables show', async () => {
    const { ask, trends } = await filled();
    trends.want([cpu('a')]);
    trends.want([cpu('b'), cpu('0')]);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask.mock.calls.map(([lines]) => lines.map((l) => l.id))).toEqual([['0'], ['a', 'b']]);
  });

  it('adds what the stream tells instead of asking again', async () => {
    const { ask, trends } = await filled();
    for (let n = 0; n < 12; n++) {
      await vi.advanceTimersByTimeAsync(30_000);
      trends.add(cpu('0'), n < 6 ? 50 : null);
      trends.want([cpu('0')]);
    }
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(trends.values(cpu('0'))?.slice(-7)).toEqual([25.5, 50, 50, 50, null, null, null]);
    expect(trends.values(cpu('0'))).toHaveLength(minutes);
  });

  it('averages within a minute', async () => {
    const { trends } = await filled([[...flat(1).slice(1), null]]);
    trends.add(cpu('0'), 10);
    trends.add(cpu('0'), 20);
    trends.add(cpu('0'), null);
    expect(trends.values(cpu('0'))?.at(-1)).toBe(15);
  });

  it('asks anew for what was out of sight for long', async () => {
    const { ask, trends } = await filled();
    await vi.advanceTimersByTimeAsync(180_000);
    trends.add(cpu('0'), 50);
    expect(trends.values(cpu('0'))).toEqual(flat(1));
    trends.want([cpu('0')]);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('knows that nothing is known of a line', async () => {
    const { ask, trends } = await filled([null]);
    trends.want([cpu('0')]);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).toHaveBeenCalledTimes(1);
    expect(trends.values(cpu('0'))?.every((v) => v === null)).toBe(true);
  });

  it('does not press a server that gives no answer', async () => {
    const ask = vi.fn(() => Promise.reject(new Error('away')));
    const trends = new Trends(ask);
    for (let n = 0; n < 20; n++) {
      trends.want([cpu('0')]);
      await vi.advanceTimersByTimeAsync(1000);
    }
    expect(ask).toHaveBeenCalledTimes(1);
    await vi.advanceTimersByTimeAsync(15_000);
    trends.want([cpu('0')]);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).toHaveBeenCalledTimes(2);
  });

  it('gives the next user nothing, not even what was asked for before', async () => {
    let answer: (lines: Values[]) => void = () => undefined;
    const trends = new Trends(() => new Promise((done) => (answer = done)));
    trends.want([cpu('0')]);
    await vi.advanceTimersByTimeAsync(100);
    trends.clear();
    answer([flat(1)]);
    await vi.advanceTimersByTimeAsync(100);
    expect(trends.values(cpu('0'))).toBeUndefined();
  });

  it('asks for nothing while the session is being ended', async () => {
    const ask = vi.fn((lines: readonly Wanted[]) => Promise.resolve(lines.map(() => null)));
    const trends = new Trends(ask);
    trends.want([cpu('0')]);
    trends.pause();
    trends.want([cpu('1')]);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).not.toHaveBeenCalled();
    trends.clear();
    trends.want([cpu('2')]);
    await vi.advanceTimersByTimeAsync(100);
    expect(ask).toHaveBeenCalledTimes(1);
  });
});
