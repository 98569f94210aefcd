import { createContext, useContext, useEffect, useSyncExternalStore } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import type { View } from './frame.ts';
import type { Resource } from './resource.ts';
import type { Stream } from './socket.ts';
import { LiveStore, type Live } from './store.ts';
import type { Trends } from './trends.ts';

export interface LiveSource {
  store: LiveStore;
  stream: Stream;
  trends: Trends;
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

/** A resource, kept up to date with all that its type's columns show, while the caller is there. */
export function useResource(id: string): Resource | undefined {
  useShown('range', id);
  return useLive((l) => l.byId.get(id));
}

/** Has a resource's whole document kept up to date, while the caller is there. */
export function useDocument(id: string): void {
  useShown('documents', id);
}

/** Has columns (dotted paths) kept up to date of all resources; false until they are known. */
export function useColumns(paths: readonly string[]): boolean {
  const text = paths.join('\n');
  useShown('all', text);
  const known = useLive((l) => l.columns);
  return paths.every((path) => known.includes(path));
}

function useShown(part: keyof View, text: string): void {
  const { watch } = useLiveSource().stream;
  useEffect(() => watch.add(part, text === '' ? [] : text.split('\n')), [watch, part, text]);
}

export function useResourceType(name: string | undefined): ResourceType | undefined {
  return useLive((l) => l.catalog.types.find((t) => t.name === name));
}
