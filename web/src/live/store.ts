import { emptyCatalog, type Catalog } from '@/catalog/catalog.ts';
import { alertsOf } from './adapter.ts';
import { emptyView, type Frame, type View } from './frame.ts';
import type { Alert, Resource } from './resource.ts';
import { Rows } from './rows.ts';
import { share } from './share.ts';

/** How the stream is doing. */
export type Connection =
  | { phase: 'connecting' }
  /** By requests it is where no connection gets through to the server. */
  | { phase: 'live'; by: 'socket' | 'requests' }
  /** Lost since a moment; the next attempt comes at retryAt, or is under way when that is undefined. */
  | { phase: 'lost'; since: number; retryAt: number | undefined };

/** All live data. It is immutable: a change makes a new one that shares what did not move. */
export interface Live {
  catalog: Catalog;
  /** Whether data have arrived at all. */
  loaded: boolean;
  byId: ReadonlyMap<string, Resource>;
  ids: readonly string[];
  /** The columns (dotted paths) that are known of all resources; of others they are where the view shows them. */
  columns: readonly string[];
  alerts: readonly Alert[];
  /** Another text means that the catalogue may have changed; empty before data arrived. */
  epoch: string;
  /** Another number, or another epoch, means that what plugins find wrong has changed. */
  conditions: number;
  connection: Connection;
}

export const nothing: Live = {
  catalog: emptyCatalog,
  loaded: false,
  byId: new Map(),
  ids: [],
  columns: [],
  alerts: [],
  epoch: '',
  conditions: 0,
  connection: { phase: 'connecting' },
};

/** What a page has, to go on from when the connection was lost. */
export interface Held {
  epoch: string;
  seq: number;
  view: View;
}

/** Whether some members of the live data are what they are already. */
function same(some: Partial<Live>, live: Live): boolean {
  return Object.entries(some).every(([key, value]) => live[key as keyof Live] === value);
}

/** A store of live data: one writer, many readers. */
export class LiveStore {
  #live = nothing;
  #rows = new Rows();
  #view = emptyView;
  #listeners = new Set<() => void>();

  read = (): Live => this.#live;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  setCatalog(catalog: Catalog): void {
    this.#set({ ...this.#live, catalog: share(this.#live.catalog, catalog) });
  }

  /** Takes in a frame that was made for a view. */
  apply(frame: Frame, view: View): void {
    const { loaded, byId, ids } = this.#live;
    const changed = this.#rows.apply(frame);
    const fewer = view !== this.#view && this.#rows.keepDocuments(view.documents);
    const known = (view !== this.#view || frame.full) && this.#rows.know(view.range);
    this.#view = view;
    const next = changed || fewer || known ? this.#rows.byId(byId) : byId;
    const columns = share(this.#live.columns, view.all);
    const alerts =
      frame.alerts === undefined ? this.#live.alerts : share(this.#live.alerts, alertsOf(frame.alerts));
    const { epoch, conditions = this.#live.conditions } = frame;
    const told = { columns, alerts, epoch, conditions };
    if (loaded && next === byId && same(told, this.#live)) return;
    this.#set({ ...this.#live, ...told, loaded: true, byId: next, ids: share(ids, [...next.keys()]) });
  }

  /** What there is of the server's data; undefined when nothing is. */
  held(): Held | undefined {
    if (!this.#live.loaded) return undefined;
    return { epoch: this.#rows.epoch, seq: this.#rows.seq, view: this.#view };
  }

  setConnection(connection: Connection): void {
    this.#set({ ...this.#live, connection });
  }

  /** Forgets everything: another user may come. */
  clear(): void {
    this.#rows = new Rows();
    this.#view = emptyView;
    this.#set(nothing);
  }

  #set(live: Live): void {
    if (live === this.#live) return;
    this.#live = live;
    for (const listener of this.#listeners) listener();
  }
}
