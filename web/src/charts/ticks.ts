import { units } from '@/format/units.ts';
import type { Format } from '@/format/value.ts';

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
const timeWithSeconds = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const month = new Intl.DateTimeFormat(undefined, { month: 'short', year: 'numeric' });

/** The marks of a time axis (Unix seconds), in one line each: what is needed to tell neighbours apart, midnights as days. */
export function timeLabels(ticks: readonly number[]): string[] {
  const [first, second] = ticks;
  const step = first !== undefined && second !== undefined ? second - first : 0;
  return ticks.map((tick) => {
    const at = new Date(tick * 1000);
    if (step >= 28 * 86_400) return month.format(at);
    if (step >= 86_400 || (at.getHours() === 0 && at.getMinutes() === 0 && at.getSeconds() === 0)) {
      return day.format(at);
    }
    return (step > 0 && step < 60 ? timeWithSeconds : time).format(at);
  });
}

const mantissas = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** The distances between marks that give round numbers in the unit that people read; undefined where any will do. */
export function stepsOf(format: Format): readonly number[] | undefined {
  const { size, network } = units();
  const base = size === 'si' ? 1000 : 1024;
  switch (format) {
    case 'bytes':
    case 'bytes_per_second':
      return [0, 1, 2, 3, 4, 5].flatMap((power) => mantissas.map((n) => n * base ** power));
    case 'bits':
      return [0, 1, 2, 3, 4].flatMap((power) =>
        mantissas.map((n) => (n * 1000 ** power) / (network === 'bits' ? 8 : 1)),
      );
    default:
      return undefined;
  }
}
