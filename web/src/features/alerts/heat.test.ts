import { expect, test } from 'vitest';
import { byHour, days } from './heat.ts';

test('alerts are counted in the hour and on the day on which they began', () => {
  const now = new Date(2026, 0, 15, 13, 30).getTime();
  const at = (day: number, hour: number) => ({ startTime: new Date(2026, 0, day, hour, 59).toISOString() });
  const rows = byHour([at(15, 0), at(15, 0), at(14, 23), at(1, 5)], now);
  expect(rows).toHaveLength(days);
  expect(rows[0]?.hours[0]).toBe(2);
  expect(rows[1]?.hours[23]).toBe(1);
  expect(rows[14]?.hours[5]).toBe(1);
  expect(rows.flatMap((r) => r.hours).reduce((a, b) => a + b)).toBe(4);
});

test('what began before is left out, and the day on which clocks change is a day', () => {
  const rows = byHour([{ startTime: new Date(2026, 1, 1).toISOString() }], new Date(2026, 3, 2).getTime());
  expect(new Set(rows.map((r) => new Date(r.day).toDateString())).size).toBe(days);
  expect(rows.flatMap((r) => r.hours).every((n) => n === 0)).toBe(true);
});
