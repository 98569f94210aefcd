import type { Column, ResourceType } from '@/catalog/catalog.ts';

/** Columns that a table always has, whatever the types say. */
export const nameColumn = 'name';
export const statusColumn = 'status';
/** The last hour as a line. No column of a type can be called so. */
export const trendColumn = '_trend';

const defaultWidth: Partial<Record<Column['format'], number>> = {
  percent: 120,
  ratio: 120,
  bytes: 96,
  bytes_per_second: 104,
  bits: 104,
  duration: 92,
  celsius: 76,
  time: 110,
  list: 140,
};

export function widthOf(c: Column): number {
  if (c.name === statusColumn) return Math.max(c.width, 112);
  return c.width || (defaultWidth[c.format] ?? 120);
}

function fixed(name: string, label: string): Column {
  return {
    name,
    label,
    metric: '',
    path: '',
    format: 'text',
    width: name === nameColumn ? 220 : 112,
    default: true,
    priority: 0,
  };
}

/** The columns of a table over some types, name and state first, each name once. */
export function columnsOf(types: readonly ResourceType[], all = false): Column[] {
  const found = new Map<string, Column>();
  found.set(nameColumn, fixed(nameColumn, 'Name'));
  found.set(statusColumn, fixed(statusColumn, 'Status'));
  if (types.length > 1) found.set('type', { ...fixed('type', 'Type'), width: 140, priority: 3 });
  for (const type of types) {
    for (const c of type.columns) if ((all || c.default) && !found.has(c.name)) found.set(c.name, c);
  }
  if (all && !found.has('tags')) found.set('tags', { ...fixed('tags', 'Tags'), width: 140, priority: 5 });
  const columns = [...found.values()];
  return withTrend(types.length > 1 ? sharesFirst(columns) : columns, types);
}

/** In a table of several types the shares, which most types have, come before what is of one type alone. */
function sharesFirst(columns: Column[]): Column[] {
  const fixed = [nameColumn, statusColumn, 'type'];
  const rank = (c: Column) => (fixed.includes(c.name) ? 0 : hasBar(c) ? 1 : 2);
  return columns.sort((a, b) => rank(a) - rank(b));
}

/** The column whose last hour a type's rows show: the one they are sorted by, else the first that is recorded, shares before others. */
export function trendSource(type: ResourceType, sorted = ''): Column | undefined {
  const recorded = type.columns.filter(
    (c) =>
      c.path !== '' &&
      type.metrics.some((m) => m.name === c.metric && m.instance === '' && m.unit !== 'seconds'),
  );
  return recorded.find((c) => c.name === sorted) ?? recorded.find(hasBar) ?? recorded[0];
}

/** A column as its head names it: that of the last hour is of what the rows are sorted by. */
export function trendFor(column: Column, columns: readonly Column[], sorted: string): Column {
  const of = columns.find((c) => c.name === sorted && c.metric !== '' && c.format !== 'duration');
  return column.name === trendColumn && of ? { ...column, label: `${of.label}, 1 h` } : column;
}

/** Puts the column of the last hour behind the one that it usually shows; types without recorded numbers have none. */
function withTrend(columns: Column[], types: readonly ResourceType[]): Column[] {
  const sources = new Map(types.flatMap((t) => trendSource(t) ?? []).map((c) => [c.name, c.label]));
  if (sources.size === 0) return columns;
  const behind = columns.findIndex((c) => sources.has(c.name));
  const [label] = sources.values();
  const trend = {
    ...fixed(trendColumn, sources.size === 1 ? `${label}, 1 h` : 'Last hour'),
    width: 128,
    priority: 4,
  };
  return columns.toSpliced(behind < 0 ? columns.length : behind + 1, 0, trend);
}

/** The columns that a list of names chooses, in the order of the table; those of the default when it chooses none that exist. */
export function chosenColumns(types: readonly ResourceType[], names: string): Column[] {
  const wanted = new Set(names.split(',').filter(Boolean));
  const all = columnsOf(types, true);
  if (!all.some((c) => wanted.has(c.name))) return columnsOf(types);
  return all.filter((c) => c.name === nameColumn || c.name === statusColumn || wanted.has(c.name));
}

/** The columns that fit into a width: those with the highest priority number go first, the rightmost of them before others. */
export function fitting(columns: readonly Column[], width: number): Column[] {
  const kept = [...columns];
  let total = kept.reduce((sum, c) => sum + widthOf(c), 0);
  while (total > width && kept.length > 2) {
    let worst = -1;
    kept.forEach((c, i) => {
      if (c.priority > 0 && (worst < 0 || c.priority >= (kept[worst]?.priority ?? 0))) worst = i;
    });
    if (worst < 0) break;
    total -= kept.splice(worst, 1).reduce((sum, c) => sum + widthOf(c), 0);
  }
  return kept;
}

/** Whether a column's cells are numbers, which align right. */
export function isNumeric(c: Column): boolean {
  return !['text', 'list', 'bool', 'percent', 'ratio', 'time'].includes(c.format);
}

/** Whether a column shows a bar behind its number. */
export function hasBar(c: Column): boolean {
  return c.format === 'percent' || c.format === 'ratio';
}

/** Whether who sorts by a column most likely looks for the largest value. */
export function largestFirst(c: Column): boolean {
  return isNumeric(c) || hasBar(c);
}
