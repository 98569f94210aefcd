import { createContext, useContext, useSyncExternalStore } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import type { Resource } from './resource.ts';
import type { Stream } from './socket.ts';
import { LiveStore, type Live } from './store.ts';

export interface LiveSource {
  store: LiveStore;
  stream: Stream;
}

export const LiveContext = createContext<LiveSource | undefined>(undefined);

export function useLiveSource(): LiveSource {
  const source = useContext(LiveContext);
  if (!source) throw new Error('no live source around');
  return source;
}

/** The part of the live data that select picks. It must return the same object while nothing changed. */
export function useLive<T>(select: (live: Live) => T): T {
  const { store } = useLiveSource();
  return useSyncExternalStore(store.subscribe, () => select(store.read()));
}

export function useResource(id: string): Resource | undefined {
  return useLive((l) => l.byId.get(id));
}

export function useResourceType(name: string | undefined): ResourceType | undefined {
  return useLive((l) => l.catalog.types.find((t) => t.name === name));
}
