import type { Happened } from '@/api/queries.ts';

/** Events of one kind that followed one another without another between: twenty backups of a night are one line. */
export interface Episode {
  newest: Happened;
  /** How many there are. */
  count: number;
  /** What they happened to, the newest first, each once. */
  names: readonly string[];
}

/** Events, the newest first, as episodes. */
export function gather(events: readonly Happened[]): Episode[] {
  const episodes: { newest: Happened; count: number; names: string[] }[] = [];
  for (const e of events) {
    const last = episodes[episodes.length - 1];
    const name = e.resourceName ?? '';
    if (last?.newest.kind !== e.kind || last.newest.severity !== e.severity) {
      episodes.push({ newest: e, count: 1, names: name === '' ? [] : [name] });
      continue;
    }
    last.count++;
    if (name !== '' && !last.names.includes(name)) last.names.push(name);
  }
  return episodes;
}

/** An episode in words. */
export function tell({ newest, count, names }: Episode): string {
  if (count === 1 || names.length === 0) {
    const text = newest.text || newest.label;
    return count === 1 ? text : `${text} (${count} times)`;
  }
  const first = names.slice(0, 3).join(', ');
  return `${newest.label}: ${names.length > 3 ? `${first} and ${names.length - 3} more` : first}`;
}
