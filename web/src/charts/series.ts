import type { Point } from '@/api/types.ts';
import type { Metric } from '@/catalog/catalog.ts';

/** One line of a chart. */
export interface Series {
  label: string;
  points: readonly Point[];
}

/** Lines that share a plot and a unit. */
export interface ChartSpec {
  key: string;
  title: string;
  metric: Metric;
  series: Series[];
  /** How many lines were left out because there were too many. */
  hidden: number;
}

/** More lines than colours would not be told apart. */
const most = 8;

/** The order of well-known charts; others follow as the catalogue has them. */
const first = ['cpu', 'memory', 'network', 'diskio', 'filesystems', 'temperature', 'disk', 'load'];

const titles: Record<string, string> = {
  cpu: 'CPU',
  diskio: 'Disk IO',
  filesystems: 'File systems',
};

function titleOf(chart: string): string {
  const words = chart.replaceAll('_', ' ');
  return titles[chart] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * The series of a metric in an answer by instance. A series without an instance is under the metric's own name, one with
 * an instance under name{instance}.
 */
export function instancesOf(
  metric: Metric,
  metrics: Readonly<Record<string, Point[]>>,
): [instance: string, points: Point[]][] {
  const found: [string, Point[]][] = [];
  for (const [key, points] of Object.entries(metrics)) {
    if (key === metric.wireName) found.push(['', points]);
    else if (key.startsWith(`${metric.wireName}{`) && key.endsWith('}')) {
      found.push([key.slice(metric.wireName.length + 1, -1), points]);
    }
  }
  return found.sort(([a], [b]) => a.localeCompare(b, undefined, { numeric: true }));
}

function mean(points: readonly Point[]): number {
  return points.reduce((sum, p) => sum + p.value, 0) / (points.length || 1);
}

function lines(metric: Metric, metrics: Readonly<Record<string, Point[]>>): Series[] {
  return instancesOf(metric, metrics)
    .filter(([, points]) => points.length > 0)
    .map(([instance, points]) => ({ label: instance || metric.label, points }));
}

function limited(spec: ChartSpec): ChartSpec {
  if (spec.series.length <= most) return spec;
  const largest = [...spec.series].sort((a, b) => mean(b.points) - mean(a.points)).slice(0, most);
  return {
    ...spec,
    series: spec.series.filter((s) => largest.includes(s)),
    hidden: spec.series.length - most,
  };
}

function rank(chart: string): number {
  const i = first.indexOf(chart);
  return i < 0 ? first.length : i;
}

/**
 * The charts that the series of an answer make: metrics of one chart group share a plot; one with instances has a plot of
 * its own. What only says again in bytes what another chart says in percent is left out, and so is what just grows.
 */
export function chartsOf(
  catalogue: readonly Metric[],
  metrics: Readonly<Record<string, Point[]>>,
): ChartSpec[] {
  const groups = new Set(catalogue.map((m) => m.chart));
  const specs = new Map<string, ChartSpec>();
  for (const metric of catalogue) {
    const chart = metric.chart || metric.name;
    const repeats =
      chart.endsWith('_bytes') && [...groups].some((g) => g !== chart && chart.startsWith(g.slice(0, -1)));
    if (metric.unit === 'seconds' || repeats) continue;
    const series = lines(metric, metrics);
    if (series.length === 0) continue;
    const alone = metric.instance !== '' && catalogue.filter((m) => m.chart === chart).length > 1;
    const key = alone ? `${chart}/${metric.name}` : chart;
    const spec = specs.get(key);
    if (spec) spec.series.push(...series);
    else specs.set(key, { key, title: alone ? metric.label : titleOf(chart), metric, series, hidden: 0 });
  }
  return [...specs.values()]
    .map(limited)
    .sort((a, b) => rank(a.key.split('/')[0] ?? '') - rank(b.key.split('/')[0] ?? ''));
}
