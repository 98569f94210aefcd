import { afterEach, expect, test } from 'vitest';
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

const zone = process.env.TZ;
afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test.each([
  ['Europe/Berlin', '2026-10-25T12:00Z', ['2026-10-25T00:30Z', '2026-10-25T01:30Z'], 2, 2],
  ['Europe/Berlin', '2026-03-29T12:00Z', ['2026-03-29T00:59Z', '2026-03-29T01:00Z'], 1, 1],
  ['America/New_York', '2026-11-01T12:00Z', ['2026-11-01T05:30Z', '2026-11-01T06:30Z'], 1, 2],
  ['America/New_York', '2026-03-08T12:00Z', ['2026-03-08T06:59Z', '2026-03-08T07:00Z'], 1, 1],
  ['America/Santiago', '2026-09-06T12:00Z', ['2026-09-06T03:59Z', '2026-09-06T04:00Z'], 1, 1],
])('in %s on %s an hour comes twice or never', (name, now, began, hour, count) => {
  process.env.TZ = name;
  const rows = byHour(
    began.map((startTime) => ({ startTime })),
    Date.parse(now),
  );
  expect(new Set(rows.map((r) => r.label)).size).toBe(days);
  expect(rows[0]?.hours[hour]).toBe(count);
  expect(rows.flatMap((r) => r.hours).reduce((a, b) => a + b)).toBe(2);
});
