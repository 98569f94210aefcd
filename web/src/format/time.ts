import { unknown } from './number.ts';

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Seconds as the two largest units: "3 d 4 h", "12 min 5 s". */
export function duration(seconds: unknown): string {
  if (typeof seconds !== 'number' || !Number.isFinite(seconds) || seconds < 0) return unknown;
  const s = Math.floor(seconds);
  const parts: [number, string][] = [
    [Math.floor(s / day), 'd'],
    [Math.floor((s % day) / hour), 'h'],
    [Math.floor((s % hour) / minute), 'min'],
    [s % minute, 's'],
  ];
  const first = parts.findIndex(([n]) => n > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(' ');
}

/** Milliseconds since the epoch from what the wire has: Unix milliseconds, or RFC 3339; undefined when unset. */
export function instant(v: unknown): number | undefined {
  if (typeof v === 'number') return Number.isFinite(v) && v > 0 ? v : undefined;
  if (typeof v !== 'string') return undefined;
  const ms = Date.parse(v);
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

/** How long ago, or how long until: "just now", "4 min ago", "in 12 min", up to a day, then the date. */
export function ago(ms: number, now: number): string {
  const s = Math.round((now - ms) / 1000);
  if (s <= -day) return dateTime(ms);
  if (s <= -hour) return `in ${Math.floor(-s / hour)} h`;
  // A clock that is a little ahead tells of no future.
  if (s < -90) return `in ${Math.floor(-s / minute)} min`;
  if (s < 5) return 'just now';
  if (s < minute) return `${s} s ago`;
  if (s < hour) return `${Math.floor(s / minute)} min ago`;
  if (s < day) return `${Math.floor(s / hour)} h ago`;
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' }).format(ms);
}

/** The age alone, in words short enough for a cell: "4 min". */
export function age(ms: number, now: number): string {
  const s = Math.max(0, Math.round((now - ms) / 1000));
  if (s < minute) return `${s} s`;
  if (s < hour) return `${Math.floor(s / minute)} min`;
  if (s < day) return `${Math.floor(s / hour)} h`;
  return `${Math.floor(s / day)} d`;
}

/** Date and time, short. */
export function dateTime(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium' }).format(ms);
}

/** Date and time with the zone, for tooltips. */
export function exactTime(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'full', timeStyle: 'long' }).format(ms);
}

/** The time of the day, to the second. */
export function timeOfDay(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' }).format(ms);
}
