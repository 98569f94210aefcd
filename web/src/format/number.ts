import { units } from './units.ts';

/** What stands for a value that is not known. Unknown is never zero. */
export const unknown = '–';

const binary = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];
const decimal = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB'];
const bits = ['bit/s', 'kbit/s', 'Mbit/s', 'Gbit/s', 'Tbit/s'];

const cache = new Map<string, Intl.NumberFormat>();

function formatter(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = JSON.stringify(options);
  let f = cache.get(key);
  if (!f) {
    f = new Intl.NumberFormat(undefined, options);
    cache.set(key, f);
  }
  return f;
}

function usable(v: unknown): v is number {
  return typeof v === 'number' && Number.isFinite(v);
}

/** Three significant digits, but never fewer than the whole part has. */
export function number(v: unknown): string {
  if (!usable(v)) return unknown;
  const whole = Math.abs(v) >= 1000;
  return formatter(whole ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 }).format(v);
}

/** The value as exact as it came, for tooltips. */
export function exact(v: unknown, unit = ''): string {
  if (!usable(v)) return unknown;
  const text = formatter({ maximumFractionDigits: 6 }).format(v);
  return unit ? `${text} ${unit}` : text;
}

/** A percentage from 0 to 100: one decimal below ten, none above, so that its width hardly changes. */
export function percent(v: unknown): string {
  if (!usable(v)) return unknown;
  const digits = Math.abs(v) < 9.95 ? 1 : 0;
  return `${formatter({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(v)} %`;
}

function scaled(v: number, base: number, units: readonly string[]): string {
  let step = 0;
  let n = v;
  // 999.5 would be written as 1,000 with three digits, so it already belongs to the next unit.
  while (Math.abs(n) >= 999.5 && step < units.length - 1) {
    n /= base;
    step++;
  }
  const digits = step === 0 ? 0 : Math.abs(n) < 9.995 ? 2 : Math.abs(n) < 99.95 ? 1 : 0;
  const text = formatter({ minimumFractionDigits: digits, maximumFractionDigits: digits }).format(n);
  return `${text} ${units[step] ?? ''}`;
}

function size(v: number): string {
  return units().size === 'si' ? scaled(v, 1000, decimal) : scaled(v, 1024, binary);
}

/** Bytes in the units that are chosen for memory and disks: 1.50 GiB. */
export function bytes(v: unknown): string {
  return usable(v) ? size(v) : unknown;
}

/** Bytes per second in the same units: what disks do. */
export function byteRate(v: unknown): string {
  return usable(v) ? `${size(v)}/s` : unknown;
}

/** Bytes per second as SI bits per second, or as bytes when these are chosen: what networks do. */
export function bitRate(v: unknown): string {
  if (units().network === 'bytes') return usable(v) ? `${scaled(v, 1000, decimal)}/s` : unknown;
  return usable(v) ? scaled(v * 8, 1000, bits) : unknown;
}

/** Degrees Celsius without decimals. */
export function celsius(v: unknown): string {
  return usable(v) ? `${formatter({ maximumFractionDigits: 0 }).format(v)} °C` : unknown;
}

/** A number with its unit. */
export function withUnit(v: unknown, unit: string): string {
  return usable(v) ? `${number(v)} ${unit}` : unknown;
}
