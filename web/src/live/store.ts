import { emptyCatalog, type Catalog } from '@/catalog/catalog.ts';
import { alertsOf, resourcesOf } from './adapter.ts';
import type { Alert, Resource } from './resource.ts';
import { share } from './share.ts';

/** How the stream is doing. */
export type Connection =
  | { phase: 'connecting' }
  | { phase: 'live' }
  /** Lost since a moment; the next attempt comes at retryAt, or is under way when that is undefined. */
  | { phase: 'lost'; since: number; retryAt: number | undefined };

/** All live data. It is immutable: a change makes a new one that shares what did not move. */
export interface Live {
  catalog: Catalog;
  /** Whether a state has arrived at all. */
  loaded: boolean;
  byId: ReadonlyMap<string, Resource>;
  /** In the order of the catalogue and, within a type, of the server. */
  ids: readonly string[];
  alerts: readonly Alert[];
  connection: Connection;
}

export const nothing: Live = {
  catalog: emptyCatalog,
  loaded: false,
  byId: new Map(),
  ids: [],
  alerts: [],
  connection: { phase: 'connecting' },
};

/** The live data after a full state arrived. */
export function withState(live: Live, state: unknown): Live {
  const byId = new Map<string, Resource>();
  let same = live.loaded;
  for (const next of resourcesOf(state, live.catalog)) {
    const prev = live.byId.get(next.id);
    const shared = share(prev, next);
    same &&= shared === prev;
    byId.set(next.id, shared);
  }
  const ids = share(live.ids, [...byId.keys()]);
  const alerts = share(live.alerts, alertsOf(state));
  if (same && ids === live.ids && alerts === live.alerts) return live;
  return { ...live, loaded: true, byId: same && ids === live.ids ? live.byId : byId, ids, alerts };
}

/** A store of live data: one writer, many readers. */
export class LiveStore {
  #live = nothing;
  #listeners = new Set<() => void>();

  read = (): Live => this.#live;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  setCatalog(catalog: Catalog): void {
    this.#set({ ...this.#live, catalog: share(this.#live.catalog, catalog) });
  }

  setState(state: unknown): void {
    this.#set(withState(this.#live, state));
  }

  setConnection(connection: Connection): void {
    this.#set({ ...this.#live, connection });
  }

  /** Forgets everything: another user may come. */
  clear(): void {
    this.#set(nothing);
  }

  #set(live: Live): void {
    if (live === this.#live) return;
    this.#live = live;
    for (const listener of this.#listeners) listener();
  }
}
