import type { Happened } from '@/api/queries.ts';

/** Events of one kind that followed one another without another between: twenty backups of a night are one line. */
export interface Episode {
  newest: Happened;
  /** How many there are. */
  count: number;
  /** What they happened to, by id, the newest first, each once. */
  names: ReadonlyMap<string, string>;
}

/** Events, the newest first, as episodes. */
export function gather(events: readonly Happened[]): Episode[] {
  const episodes: { newest: Happened; count: number; names: Map<string, string> }[] = [];
  for (const e of events) {
    const last = episodes[episodes.length - 1];
    const name = e.resourceName ?? '';
    const id = e.stateId ?? name;
    if (last?.newest.kind !== e.kind || last.newest.severity !== e.severity) {
      episodes.push({ newest: e, count: 1, names: new Map(name === '' ? [] : [[id, name]]) });
      continue;
    }
    last.count++;
    if (name !== '' && !last.names.has(id)) last.names.set(id, name);
  }
  return episodes;
}

/** An episode in words; whose says by id which of several of one name is meant. */
export function tell({ newest, count, names }: Episode, whose?: ReadonlyMap<string, string>): string {
  if (count === 1 || names.size === 0) {
    const text = newest.text || newest.label;
    return count === 1 ? text : `${text} (${count} times)`;
  }
  const first = [...names]
    .slice(0, 3)
    .map(([id, name]) => (whose?.has(id) ? `${name} (${whose.get(id)})` : name))
    .join(', ');
  return `${newest.label}: ${names.size > 3 ? `${first} and ${names.size - 3} more` : first}`;
}
