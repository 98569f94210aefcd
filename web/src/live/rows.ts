import { instant } from '@/format/time.ts';
import type { Frame } from './frame.ts';
import type { Resource } from './resource.ts';
import { share } from './share.ts';
import { statusOf } from './status.ts';

type Doc = Record<string, unknown>;

/** A resource as the server numbers it. */
interface Row {
  cells: Map<string, unknown>;
  /** The whole document, while it is wanted. */
  document?: Doc;
  /** It was in the range of a view that was answered. */
  known?: true;
  resource?: Resource;
}

function isDoc(v: unknown): v is Doc {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

function text(v: unknown): string {
  return typeof v === 'string' ? v : '';
}

/** Puts cells into a document at their dotted paths. */
function documentOf(cells: ReadonlyMap<string, unknown>): Doc {
  // Members of any name may come, also those that every object has.
  const doc = Object.create(null) as Doc;
  for (const [path, value] of cells) {
    if (path.startsWith('@')) continue;
    const keys = path.split('.');
    const last = keys.pop() ?? '';
    let at = doc;
    for (const key of keys) {
      const next = at[key];
      at = isDoc(next) ? next : (at[key] = Object.create(null) as Doc);
    }
    at[last] = value;
  }
  return doc;
}

function resourceOf(row: Row): Resource | undefined {
  const { cells } = row;
  const id = text(cells.get('@id'));
  if (id === '') return undefined;
  const doc = row.document ?? documentOf(cells);
  const reason = text(cells.get('@reason'));
  const given = cells.get('@tags');
  const next: Resource = {
    id,
    type: text(cells.get('@type')),
    name: text(cells.get('@name')) || id,
    status: statusOf(text(cells.get('@status'))),
    word: text(cells.get('@word')) || 'unknown',
    lastSeen: instant(cells.get('@seen')) ?? instant(doc.lastSeen),
    ...(reason !== '' && { stale: { reason, since: instant(cells.get('@since')) } }),
    ...(row.known && { known: true }),
    ...(Array.isArray(given) && { given: given.filter((t) => typeof t === 'string') }),
    doc,
  };
  return share(row.resource, next);
}

/** The resources as frames tell of them. */
export class Rows {
  /** What the last frame brought this to; the server sends from there on when a connection was lost. */
  epoch = '';
  seq = 0;
  #rows = new Map<number, Row>();

  /** Takes in a frame and reports whether a resource changed. */
  apply(frame: Frame): boolean {
    let changed = frame.full && this.#rows.size > 0;
    if (frame.full) this.#rows.clear();
    this.epoch = frame.epoch;
    this.seq = frame.seq;
    for (const n of frame.gone) changed = this.#rows.delete(n) || changed;
    const touched = new Set<Row>();
    for (const block of frame.blocks) {
      for (const [column, values] of Object.entries(block.columns)) {
        let number = 0;
        block.rows.forEach((gap, i) => touched.add(this.#put((number += gap), column, values[i])));
      }
    }
    for (const [number, document] of frame.documents) {
      const row = this.#rows.get(number);
      if (!row || !isDoc(document)) continue;
      row.document = document;
      touched.add(row);
    }
    for (const row of touched) changed = this.#renew(row) || changed;
    return changed;
  }

  /** Gives up whole documents of all but these ids and reports whether a resource changed. */
  keepDocuments(ids: readonly string[]): boolean {
    let changed = false;
    for (const row of this.#rows.values()) {
      if (!row.document || ids.includes(row.resource?.id ?? '')) continue;
      delete row.document;
      changed = this.#renew(row) || changed;
    }
    return changed;
  }

  /** Notes that the values of these ids have come and reports whether that is new of any. */
  know(ids: readonly string[]): boolean {
    const wanted = new Set(ids);
    let changed = false;
    for (const row of this.#rows.values()) {
      if (row.known || !wanted.has(row.resource?.id ?? '')) continue;
      row.known = true;
      changed = this.#renew(row) || changed;
    }
    return changed;
  }

  /** All resources by id, sharing with those of before what did not change. */
  byId(before: ReadonlyMap<string, Resource>): Map<string, Resource> {
    const found = new Map<string, Resource>();
    for (const row of this.#rows.values()) {
      if (!row.resource) continue;
      const { id } = row.resource;
      row.resource = share(before.get(id), row.resource);
      found.set(id, row.resource);
    }
    return found;
  }

  #put(number: number, column: string, value: unknown): Row {
    let row = this.#rows.get(number);
    if (!row) {
      row = { cells: new Map() };
      this.#rows.set(number, row);
    }
    if (value === null || value === undefined) row.cells.delete(column);
    else row.cells.set(column, value);
    return row;
  }

  #renew(row: Row): boolean {
    const next = resourceOf(row);
    const changed = next !== row.resource;
    if (next) row.resource = next;
    else delete row.resource;
    return changed;
  }
}
