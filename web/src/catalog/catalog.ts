import type { Format } from '@/format/value.ts';

/** The catalogue: what types of resources there are and how they are shown. It is all that the app knows of products. */
export interface Catalog {
  types: readonly ResourceType[];
}

export interface ResourceType {
  name: string;
  label: string;
  plural: string;
  icon: string;
  /** The menu section. */
  family: string;
  /** The member of the state that lists the type's resources. */
  section: string;
  /** What the type is called in metric history queries. */
  historyType: string;
  columns: readonly Column[];
  facts: readonly Fact[];
  metrics: readonly Metric[];
  thresholds: readonly Threshold[];
  /** What its plugin may find wrong with it. */
  conditions: readonly { name: string; label: string }[];
}

export interface Column {
  name: string;
  label: string;
  metric: string;
  /** Dotted path into the document. */
  path: string;
  format: Format;
  width: number;
  default: boolean;
  /** 1 stays longest on a narrow screen. */
  priority: number;
}

export interface Fact {
  label: string;
  path: string;
  format: Format;
  group: string;
}

export interface Metric {
  name: string;
  wireName: string;
  wireScale: number;
  label: string;
  unit: string;
  kind: string;
  /** The metric's one dimension, or empty. */
  instance: string;
  /** Metrics with the same chart share a plot. */
  chart: string;
  help: string;
}

export interface Threshold {
  metric: string;
  trigger: number;
  below: boolean;
  severity: string;
}

type Raw = Record<string, unknown>;

const formats = new Set<string>(
  'text number ratio percent bytes bytes_per_second per_second bits duration time celsius watt list bool rpm'.split(
    ' ',
  ),
);

function str(v: unknown, fallback = ''): string {
  return typeof v === 'string' ? v : fallback;
}

function num(v: unknown, fallback: number): number {
  return typeof v === 'number' && Number.isFinite(v) ? v : fallback;
}

function rows(v: unknown): Raw[] {
  return Array.isArray(v) ? v.filter((x): x is Raw => typeof x === 'object' && x !== null) : [];
}

/** Traffic of networks is told in bits, that of disks in bytes; units alone do not say which it is. */
function isNetwork(metric: string, chart: string): boolean {
  return /^(network|interfaces)$/.test(chart) || /^(net|if_)/.test(metric);
}

/** The format in which a metric's wire values are shown. */
export function metricFormat(m: Metric): Format {
  switch (m.unit) {
    case 'ratio':
      return m.wireScale === 100 ? 'percent' : 'ratio';
    case 'bytes_per_second':
      return isNetwork(m.name, m.chart) ? 'bits' : 'bytes_per_second';
    case 'seconds':
      return 'duration';
    case 'count':
      return 'number';
    default:
      return formats.has(m.unit) ? (m.unit as Format) : 'number';
  }
}

function format(v: unknown, metric = ''): Format {
  const f = str(v, 'text');
  if (f === 'bytes_per_second' && isNetwork(metric, '')) return 'bits';
  return formats.has(f) ? (f as Format) : 'text';
}

function parseColumn(c: Raw): Column {
  const name = str(c.name);
  const metric = str(c.metric);
  return {
    name,
    label: str(c.label, name),
    metric,
    path: str(c.path),
    format: format(c.format, metric || name),
    width: num(c.width, 0),
    default: c.default === true,
    priority: num(c.priority, 9) || 9,
  };
}

function parseMetric(m: Raw): Metric {
  const name = str(m.name);
  return {
    name,
    wireName: str(m.wireName) || name,
    wireScale: num(m.wireScale, 1) || 1,
    label: str(m.label) || name,
    unit: str(m.unit),
    kind: str(m.kind, 'gauge'),
    instance: str(m.instance),
    chart: str(m.chart),
    help: str(m.help),
  };
}

function parseType(t: Raw): ResourceType {
  const name = str(t.name);
  const section = typeof t.section === 'object' && t.section !== null ? (t.section as Raw) : undefined;
  return {
    name,
    label: str(t.label, name),
    plural: str(t.plural) || str(t.label, name),
    icon: str(t.icon),
    family: str(t.family, 'infrastructure'),
    section: section ? str(section.section) || str(section.name) : str(t.section),
    historyType: str(t.historyType) || str(section?.historyType) || name,
    columns: rows(t.columns).map(parseColumn),
    facts: rows(t.facts).map((f) => ({
      label: str(f.label),
      path: str(f.path),
      format: format(f.format, str(f.path)),
      group: str(f.group) || 'Facts',
    })),
    metrics: rows(t.metrics).map(parseMetric),
    thresholds: rows(t.thresholds).map((th) => ({
      metric: str(th.metric),
      trigger: num(th.trigger, Infinity),
      below: th.below === true,
      severity: str(th.severity, 'warning'),
    })),
    conditions: rows(t.conditions).map((c) => ({ name: str(c.name), label: str(c.label) || str(c.name) })),
  };
}

/** Reads the answer of /api/types. What is missing gets its default, so that an odd plugin cannot break a page. */
export function parseCatalog(body: unknown): Catalog {
  const list = typeof body === 'object' && body !== null ? (body as Raw).types : undefined;
  return { types: rows(list).map(parseType) };
}

export const emptyCatalog: Catalog = { types: [] };
