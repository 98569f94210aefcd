import { bitRate, byteRate, bytes, celsius, exact, number, percent, unknown, withUnit } from './number.ts';
import { natural } from './natural.ts';
import { ago, duration, exactTime, instant } from './time.ts';

/** How a value is shown. The catalogue's formats, and "bits" for rates of networks. */
export type Format =
  | 'text'
  | 'number'
  | 'ratio'
  | 'percent'
  | 'bytes'
  | 'bytes_per_second'
  | 'bits'
  | 'per_second'
  | 'duration'
  | 'time'
  | 'celsius'
  | 'watt'
  | 'list'
  | 'bool'
  | 'rpm';

function list(v: unknown): string {
  if (!Array.isArray(v)) return text(v);
  if (v.length === 0) return unknown;
  // Numbers have an order of their own: those of a load are over 1, 5 and 15 minutes.
  if (v.some((item) => typeof item === 'number'))
    return v.map((x) => show(x, typeof x === 'number' ? 'number' : 'text')).join(', ');
  return v.map(text).sort(natural).join(', ');
}

function text(v: unknown): string {
  if (typeof v === 'string') return v === '' ? unknown : v;
  if (typeof v === 'number') return Number.isFinite(v) ? String(v) : unknown; // a name that is a number, not an amount
  if (typeof v === 'boolean') return v ? 'yes' : 'no';
  return unknown;
}

/** The value as people read it. */
export function show(v: unknown, format: Format, now = Date.now()): string {
  switch (format) {
    case 'number':
      return number(v);
    case 'ratio':
      return percent(typeof v === 'number' ? v * 100 : v);
    case 'percent':
      return percent(v);
    case 'bytes':
      return bytes(v);
    case 'bytes_per_second':
      return byteRate(v);
    case 'bits':
      return bitRate(v);
    case 'duration':
      return duration(v);
    case 'time': {
      const ms = instant(v);
      return ms === undefined ? unknown : ago(ms, now);
    }
    case 'per_second':
      return number(v) === unknown ? unknown : `${number(v)}/s`;
    case 'celsius':
      return celsius(v);
    case 'watt':
      return withUnit(v, 'W');
    case 'rpm':
      return withUnit(v, 'rpm');
    case 'list':
      return list(v);
    case 'bool':
    case 'text':
      return text(v);
  }
}

/** The exact value, for tooltips; undefined when it would say nothing new. */
export function precise(v: unknown, format: Format): string | undefined {
  switch (format) {
    case 'ratio':
      return typeof v === 'number' ? exact(v * 100, '%') : undefined;
    case 'percent':
      return typeof v === 'number' ? exact(v, '%') : undefined;
    case 'bytes':
      return typeof v === 'number' ? exact(v, 'bytes') : undefined;
    case 'bytes_per_second':
    case 'bits':
      return typeof v === 'number' ? exact(v, 'bytes/s') : undefined;
    case 'number':
      return typeof v === 'number' && exact(v) !== number(v) ? exact(v) : undefined;
    case 'per_second':
      return typeof v === 'number' ? exact(v, '/s') : undefined;
    case 'celsius':
      return typeof v === 'number' ? exact(v, '°C') : undefined;
    case 'duration':
      return typeof v === 'number' ? exact(v, 'seconds') : undefined;
    case 'time': {
      const ms = instant(v);
      return ms === undefined ? undefined : exactTime(ms);
    }
    default:
      return undefined;
  }
}
