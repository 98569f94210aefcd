/** What a page shows: the server sends what is in it and nothing else. */
export interface View {
  /** Columns (dotted paths) wanted of all resources, because something sorts or filters by them. */
  all: readonly string[];
  /** Ids of the resources that are visible. */
  range: readonly string[];
  /** Ids of those whose whole document is wanted. */
  documents: readonly string[];
}

export const emptyView: View = { all: [], range: [], documents: [] };

/** Cells that changed, by column. Rows are in the order of their numbers, each as the distance from the one before. */
export interface Block {
  rows: readonly number[];
  columns: Readonly<Record<string, readonly unknown[]>>;
}

/** One message of the delta protocol: what changed since the one before. */
export interface Frame {
  epoch: string;
  seq: number;
  /** The number of the newest view that the server knows. */
  view: number;
  /** Whether everything before is void. */
  full: boolean;
  gone: readonly number[];
  blocks: readonly Block[];
  documents: readonly (readonly [number, unknown])[];
  /** All alerts that fire; undefined when these are as before. */
  alerts: unknown;
  /** Another number means that what plugins find wrong has changed; undefined when it is as before. */
  conditions: number | undefined;
}

type Raw = Record<string, unknown>;

function isObject(v: unknown): v is Raw {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

function isNumber(v: unknown): v is number {
  return typeof v === 'number';
}

function list(v: unknown): readonly unknown[] {
  return Array.isArray(v) ? v : [];
}

function isDocument(v: unknown): v is [number, unknown] {
  return Array.isArray(v) && isNumber(v[0]);
}

function blockOf(v: unknown): Block[] {
  if (!isObject(v) || !isObject(v.columns)) return [];
  const columns = Object.entries(v.columns).map(([name, values]) => [name, list(values)] as const);
  return [{ rows: list(v.rows).filter(isNumber), columns: Object.fromEntries(columns) }];
}

/** Reads a message; undefined when it is not a frame. */
export function parseFrame(message: unknown): Frame | undefined {
  if (!isObject(message) || message.type !== 'frame') return undefined;
  const { epoch, seq, view } = message;
  if (typeof epoch !== 'string' || !isNumber(seq) || !isNumber(view)) return undefined;
  return {
    epoch,
    seq,
    view,
    full: message.full === true,
    gone: list(message.gone).filter(isNumber),
    blocks: list(message.blocks).flatMap(blockOf),
    documents: list(message.documents).filter(isDocument),
    alerts: message.alerts,
    conditions: isNumber(message.conditions) ? message.conditions : undefined,
  };
}
