import { describe, expect, it } from 'vitest';
import { parseCatalog, type Metric } from '@/catalog/catalog.ts';
import { chartsOf } from './series.ts';

function metrics(...of: Partial<Metric>[]): readonly Metric[] {
  return parseCatalog({ types: [{ name: 'host', metrics: of }] }).types[0]?.metrics ?? [];
}

const flat = (value: number) => [
  { timestamp: 1000, value, min: value, max: value },
  { timestamp: 2000, value, min: value, max: value },
];

describe('chartsOf', () => {
  it('puts metrics of one chart into one plot, under their names on the wire', () => {
    const of = metrics(
      { name: 'rx', wireName: 'netin', label: 'Received', chart: 'network' },
      { name: 'tx', label: 'Sent', chart: 'network' },
    );
    const [chart, ...others] = chartsOf(of, { metrics: { netin: flat(1), tx: flat(2) } });
    expect(others).toEqual([]);
    expect(chart?.title).toBe('Network');
    expect(chart?.series.map((s) => s.label)).toEqual(['Received', 'Sent']);
  });

  it('draws a line for each instance, in the order that people count', () => {
    const of = metrics({ name: 'temperature', instance: 'sensor', chart: 'temperature' });
    const [chart] = chartsOf(of, { instances: { temperature: { core10: flat(50), core2: flat(40) } } });
    expect(chart?.series.map((s) => [s.label, s.points[0]?.value])).toEqual([
      ['core2', 40],
      ['core10', 50],
    ]);
  });

  it('gives each metric with instances a plot of its own', () => {
    const of = metrics(
      { name: 'if_rx', label: 'Interface received', instance: 'interface', chart: 'interfaces' },
      { name: 'if_tx', label: 'Interface sent', instance: 'interface', chart: 'interfaces' },
    );
    const charts = chartsOf(of, { instances: { if_rx: { eth0: flat(1) }, if_tx: { eth0: flat(2) } } });
    expect(charts.map((c) => c.title)).toEqual(['Interface received', 'Interface sent']);
    expect(charts.map((c) => c.series.length)).toEqual([1, 1]);
  });

  it('keeps the eight largest of many instances and counts the others', () => {
    const of = metrics({ name: 'fs_used', instance: 'mount', chart: 'filesystems' });
    const mounts = Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`/m${i}`, flat(i)]));
    const [chart] = chartsOf(of, { instances: { fs_used: mounts } });
    expect(chart?.series.map((s) => s.label)).toEqual([3, 4, 5, 6, 7, 8, 9, 10].map((i) => `/m${i}`));
    expect(chart?.hidden).toBe(3);
  });

  it('draws no line for what was not measured, and no chart without a line', () => {
    const of = metrics({ name: 'cpu' }, { name: 'fan', instance: 'sensor' });
    expect(chartsOf(of, { metrics: { cpu: [] }, instances: { fan: { a: [] } } })).toEqual([]);
    expect(chartsOf(of, {})).toEqual([]);
  });

  it('leaves out bytes where a share says the same, but not where nothing else does', () => {
    const bytes = { name: 'memory_used', unit: 'bytes', chart: 'memory_bytes' };
    const measured = { metrics: { memory: flat(1), memory_used: flat(2), free: flat(3) } };
    const share = { name: 'memory', unit: 'ratio', chart: 'memory' };
    expect(chartsOf(metrics(share, bytes), measured).map((c) => c.key)).toEqual(['memory']);
    expect(chartsOf(metrics({ name: 'free' }, bytes), measured).map((c) => c.key)).toContain('memory_bytes');
  });

  it('leaves out file system bytes where file systems are charted', () => {
    const of = metrics(
      { name: 'fs_used', instance: 'mount', chart: 'filesystems' },
      { name: 'fs_bytes', instance: 'mount', chart: 'filesystem_bytes' },
    );
    const charts = chartsOf(of, { instances: { fs_used: { '/': flat(1) }, fs_bytes: { '/': flat(2) } } });
    expect(charts.map((c) => c.key)).toEqual(['filesystems']);
  });

  it('leaves out the only part of what is drawn as a whole, until there is another', () => {
    const of = metrics(
      { name: 'netin', unit: 'bytes_per_second', chart: 'network' },
      { name: 'if_rx', unit: 'bytes_per_second', instance: 'interface', chart: 'interfaces' },
    );
    const keys = (parts: Record<string, ReturnType<typeof flat>>) =>
      chartsOf(of, { metrics: { netin: flat(5) }, instances: { if_rx: parts } }).map((c) => c.key);
    expect(keys({ eth0: flat(5) })).toEqual(['network']);
    expect(keys({ eth0: flat(4) })).toEqual(['network', 'interfaces']);
    expect(keys({ eth0: flat(5), eth1: flat(0) })).toEqual(['network', 'interfaces']);
  });

  it('leaves out what only grows', () => {
    expect(chartsOf(metrics({ name: 'uptime', unit: 'seconds' }), { metrics: { uptime: flat(9) } })).toEqual(
      [],
    );
  });

  it('puts units that differ on plots that differ', () => {
    const of = metrics(
      { name: 'busy', unit: 'ratio', chart: 'gpu' },
      { name: 'clock', label: 'Clock', unit: 'count', chart: 'gpu' },
    );
    const charts = chartsOf(of, { metrics: { busy: flat(1), clock: flat(2) } });
    expect(charts.map((c) => c.title)).toEqual(['Gpu', 'Clock']);
  });

  it('orders the well-known first and the others as the catalogue has them', () => {
    const of = metrics({ name: 'zeal' }, { name: 'load' }, { name: 'awe' }, { name: 'cpu' });
    const measured = { metrics: { zeal: flat(1), load: flat(1), awe: flat(1), cpu: flat(1) } };
    expect(chartsOf(of, measured).map((c) => c.key)).toEqual(['cpu', 'load', 'zeal', 'awe']);
  });
});
