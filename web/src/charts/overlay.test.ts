import { describe, expect, it } from 'vitest';
import type { Metric } from '@/catalog/catalog.ts';
import { overlaid } from './overlay.ts';
import type { ChartSpec } from './series.ts';

const metric: Metric = {
  ...{ name: 'cpu', wireName: 'cpu', wireScale: 100, label: 'CPU', unit: 'ratio', kind: 'gauge' },
  ...{ instance: '', chart: 'cpu', help: '' },
};
const chart = (key: string, labels: readonly string[], unit = 'ratio'): ChartSpec => ({
  key,
  title: key,
  metric: { ...metric, unit },
  series: labels.map((label) => ({ label, points: [] })),
  hidden: 0,
});
const labels = (spec: ChartSpec) => spec.series.map((s) => s.label);

describe('overlaid', () => {
  it('names lines by their owners', () => {
    const other = { name: 'b', charts: [chart('cpu', ['CPU'])] };
    expect(labels(overlaid(chart('cpu', ['CPU']), 'a', [other]))).toEqual(['a', 'b']);
  });
  it('says which line it is where there are several', () => {
    const other = { name: 'b', charts: [chart('network', ['in', 'out'])] };
    expect(labels(overlaid(chart('network', ['in', 'out']), 'a', [other]))).toEqual([
      'a · in',
      'a · out',
      'b · in',
      'b · out',
    ]);
  });
  it('mixes no units and leaves out what the other does not have', () => {
    const others = [
      { name: 'b', charts: [chart('cpu', ['CPU'], 'bytes')] },
      { name: 'c', charts: [chart('memory', ['Memory'])] },
    ];
    expect(labels(overlaid(chart('cpu', ['CPU']), 'a', others))).toEqual(['a']);
  });
  it('keeps its own lines and counts those without a colour', () => {
    const five = ['1', '2', '3', '4', '5'];
    const spec = overlaid(chart('disks', five), 'a', [{ name: 'b', charts: [chart('disks', five)] }]);
    expect(spec.series).toHaveLength(8);
    expect(labels(spec).slice(0, 6)).toEqual([...five.map((n) => `a · ${n}`), 'b · 1']);
    expect(spec.hidden).toBe(2);
  });
  it('is the chart itself without others', () => {
    const spec = chart('cpu', ['CPU']);
    expect(overlaid(spec, 'a', [])).toBe(spec);
  });
});
