/** How many days the map shows. */
export const days = 28;

export interface Day {
  day: number;
  label: string;
  hours: number[];
}

/** Counts what began in each hour of the last days, in the reader's own time, the newest day first. */
export function byHour(alerts: readonly { startTime: string }[], now: number): Day[] {
  const out: Day[] = [];
  const at = new Map<string, Day>();
  const date = new Date(now);
  for (let n = 0; n < days; n++) {
    const d = new Date(date.getFullYear(), date.getMonth(), date.getDate() - n);
    const row = {
      day: d.getTime(),
      label: new Intl.DateTimeFormat(undefined, { month: 'short', day: 'numeric' }).format(d),
      hours: new Array<number>(24).fill(0),
    };
    at.set(d.toDateString(), row);
    out.push(row);
  }
  for (const a of alerts) {
    const start = new Date(a.startTime);
    const row = at.get(start.toDateString());
    if (row) row.hours[start.getHours()] = (row.hours[start.getHours()] ?? 0) + 1;
  }
  return out;
}
