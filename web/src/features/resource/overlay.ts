import { useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import type { ResourceType } from '@/catalog/catalog.ts';
import { useLive } from '@/live/hooks.ts';

/** More resources in one chart would be a tangle. */
export const mostOthers = 5;

/** The ids that the address lays over, in its own writing: commas are between them. */
function idsOf(text: string): string[] {
  return text.split(',').filter(Boolean).slice(0, mostOthers).map(decoded);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function textOf(ids: readonly string[]): string | undefined {
  return ids.map((id) => id.replace(/[%,]/g, encodeURIComponent)).join(',') || undefined;
}

/** A resource that is there, with its type. */
export interface Chosen {
  id: string;
  name: string;
  type: ResourceType;
}

/** The resources whose lines are laid over those of the page's. The address tells them. */
export function useOverlay() {
  const { with: text = '' } = useSearch({ from: '/shell/r/$id' });
  const navigate = useNavigate({ from: '/r/$id' });
  const ids = useMemo(() => idsOf(text), [text]);
  const types = useLive((l) => l.catalog.types);
  // As a text it is the same while nothing that shows has changed.
  const there = useLive((l) => JSON.stringify(ids.map((id) => [l.byId.get(id)?.name, l.byId.get(id)?.type])));
  const chosen = useMemo(() => {
    const found = JSON.parse(there) as [string | null, string | null][];
    return ids.flatMap((id, i): Chosen[] => {
      const [name, kind] = found[i] ?? [];
      const type = types.find((t) => t.name === kind);
      return name && type ? [{ id, name, type }] : [];
    });
  }, [ids, there, types]);
  const set = (next: readonly string[]) =>
    void navigate({ search: (s) => ({ ...s, with: textOf(next) }), replace: true });
  return {
    chosen,
    add: (id: string) => set([...ids, id]),
    remove: (id: string) => set(ids.filter((other) => other !== id)),
  };
}
