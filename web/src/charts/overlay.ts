import type { ChartSpec, Series } from './series.ts';

/** The lines of another resource, to be laid over those of a chart. */
export interface Other {
  name: string;
  charts: readonly ChartSpec[];
}

/** More lines than colours would not be told apart. */
const most = 8;

/** What a line is called beside those of other resources: whose it is, and which, where a chart has several. */
function named(owner: string, line: Series, alone: boolean): Series {
  return { ...line, label: alone ? owner : `${owner} · ${line.label}` };
}

/**
 * A chart with the lines that other resources have of the same. Its own come first and stay; of the others, those that there
 * is no colour for are left out and counted.
 */
export function overlaid(chart: ChartSpec, owner: string, others: readonly Other[]): ChartSpec {
  if (others.length === 0) return chart;
  const theirs = others.flatMap(({ name, charts }) => {
    const same = charts.find((c) => c.key === chart.key && c.metric.unit === chart.metric.unit);
    return (same?.series ?? []).map((line) => ({ name, line }));
  });
  const labels = new Set([...chart.series, ...theirs.map((t) => t.line)].map((s) => s.label));
  const alone = labels.size === 1;
  const lines = [
    ...chart.series.map((line) => named(owner, line, alone)),
    ...theirs.map(({ name, line }) => named(name, line, alone)),
  ];
  return { ...chart, series: lines.slice(0, most), hidden: chart.hidden + Math.max(0, lines.length - most) };
}
