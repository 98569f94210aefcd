import type { History, Point } from '@/api/types.ts';
import type { Metric } from '@/catalog/catalog.ts';
import { natural } from '@/format/natural.ts';

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

/** The series of a history: by metric, and by metric and instance (mount point, interface, sensor). */
export type Measured = Pick<History, 'metrics' | 'instances'>;

/** More lines than colours would not be told apart. */
const most = 8;

/** The order of well-known charts; others follow as the catalogue has them. */
const first = [
  'cpu',
  'memory',
  'network',
  'diskio',
  'filesystems',
  'temperature',
  'disk',
  'load',
  'interfaces',
  'disks',
  'fans',
];

const titles: Record<string, string> = {
  cpu: 'CPU',
  diskio: 'Disk IO',
  filesystems: 'File systems',
};

function titleOf(chart: string): string {
  const words = chart.replaceAll('_', ' ');
  return titles[chart] ?? words.charAt(0).toUpperCase() + words.slice(1);
}

function mean(points: readonly Point[]): number {
  return points.reduce((sum, p) => sum + p.value, 0) / (points.length || 1);
}

/** The lines of a metric: the one of the whole, then those of its instances by name. Empty ones are left out. */
function lines(metric: Metric, measured: Measured): Series[] {
  const whole = measured.metrics?.[metric.wireName] ?? [];
  const parts = Object.entries(measured.instances?.[metric.wireName] ?? {});
  return [
    { label: metric.label, points: whole },
    ...parts.sort(([a], [b]) => natural(a, b)).map(([instance, points]) => ({ label: instance, points })),
  ].filter((s) => s.points.length > 0);
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

/** Whether a chart in bytes says again what another says in percent: memory_bytes and memory, filesystem_bytes and filesystems. */
function repeats(chart: string, others: ReadonlySet<string>): boolean {
  const subject = /^(.+)_bytes$/.exec(chart)?.[1];
  return subject !== undefined && (others.has(subject) || others.has(`${subject}s`));
}

function equal(a: readonly Point[], b: readonly Point[]): boolean {
  return (
    a.length === b.length && a.every((p, i) => p.timestamp === b[i]?.timestamp && p.value === b[i].value)
  );
}

/** Whether the lines of a metric are one part that is the whole of another metric: the only interface is the network. */
function isWhole(
  series: readonly Series[],
  metric: Metric,
  catalogue: readonly Metric[],
  measured: Measured,
): boolean {
  const [only, ...others] = series;
  if (!only || others.length > 0 || metric.instance === '') return false;
  return catalogue.some(
    (m) =>
      m.instance === '' && m.unit === metric.unit && equal(only.points, measured.metrics?.[m.wireName] ?? []),
  );
}

/**
 * The charts that measured series make: metrics of one chart group and unit share a plot; one with instances beside others
 * has a plot of its own, a line for each instance. What only says again what another chart says is left out, and so is what
 * just grows.
 */
export function chartsOf(catalogue: readonly Metric[], measured: Measured): ChartSpec[] {
  const groups = new Set(catalogue.map((m) => m.chart));
  const specs = new Map<string, ChartSpec>();
  for (const metric of catalogue) {
    const chart = metric.chart || metric.name;
    if (metric.unit === 'seconds' || repeats(chart, groups)) continue;
    const series = lines(metric, measured);
    if (series.length === 0 || isWhole(series, metric, catalogue, measured)) continue;
    const strange = (specs.get(chart)?.metric.unit ?? metric.unit) !== metric.unit;
    const alone = metric.instance !== '' && catalogue.filter((m) => m.chart === chart).length > 1;
    const own = strange || alone;
    const key = own ? `${chart}/${metric.name}` : chart;
    const spec = specs.get(key);
    if (spec) spec.series.push(...series);
    else specs.set(key, { key, title: own ? metric.label : titleOf(chart), metric, series, hidden: 0 });
  }
  return [...specs.values()]
    .map(limited)
    .sort((a, b) => rank(a.key.split('/')[0] ?? '') - rank(b.key.split('/')[0] ?? ''));
}
