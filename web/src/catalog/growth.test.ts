import { expect, test } from 'vitest';
import { fullIn, growthOf } from './growth.ts';

const day = 86_400_000;
const line = (days: number, perDay: number, from = 100): [number, number][] =>
  Array.from({ length: days * 4 + 1 }, (_, i) => [1e12 + (i / 4) * day, from + (i / 4) * perDay]);

test('what grows steadily is full when the line says', () => {
  const grown = growthOf(line(7, 10));
  expect(grown?.perDay).toBeCloseTo(10);
  expect(grown?.now).toBeCloseTo(170);
  expect(grown && fullIn(grown, 270)).toBeCloseTo(10 * 86_400);
  expect(grown && fullIn(grown, 100)).toBe(0);
});

test('what shrinks or stays is never full', () => {
  const shrinks = growthOf(line(3, -2));
  expect(shrinks?.perDay).toBeCloseTo(-2);
  expect(shrinks && fullIn(shrinks, 500)).toBeUndefined();
  const stays = growthOf(line(3, 0));
  expect(stays && fullIn(stays, 500)).toBeUndefined();
});

test('few or young points say nothing', () => {
  expect(growthOf([])).toBeUndefined();
  expect(growthOf(line(7, 1).slice(0, 2))).toBeUndefined();
  expect(growthOf([0, 1, 2, 3].map((h) => [1e12 + h * 3_600_000, h] as const))).toBeUndefined();
});
