import { describe, expect, it } from 'vitest';
import { comparedWith } from './earlier.ts';

const day = 86_400_000;
const shown = { from: 1_700_000_000_000, to: 1_700_003_600_000 };

describe('comparedWith', () => {
  it('is the time before, as long as what shows', () => {
    expect(comparedWith('1', shown)).toEqual({ from: 1_699_996_400_000, to: 1_700_000_000_000 });
  });
  it('is the same time of an earlier day', () => {
    expect(comparedWith('day', shown)).toEqual({ from: shown.from - day, to: shown.to - day });
    expect(comparedWith('week', shown)?.from).toBe(shown.from - 7 * day);
  });
  it('is any other part', () => {
    expect(comparedWith('1690000000000-1690003600000', shown)).toEqual({
      from: 1_690_000_000_000,
      to: 1_690_003_600_000,
    });
  });
  it.each(['', 'yesterday', '1690003600000-1690000000000', '1-2', '1690000000000-'])(
    'is nothing of %j',
    (word) => {
      expect(comparedWith(word, shown)).toBeUndefined();
    },
  );
});
