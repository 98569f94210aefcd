import { expect, it } from 'vitest';
import { markColour, marksNear, marksText } from './marks.ts';

const mark = (at: number) => ({ at, severity: 'info', text: `at ${at}` });

it('finds what is near, the nearest first', () => {
  const near = marksNear([mark(10), mark(21), mark(19), mark(100)], 20, 10);
  expect(near.map((m) => m.at)).toEqual([21, 19, 10]);
  expect(marksText(near)).toBe('at 21 (and 2 more)');
  expect(marksText(marksNear([mark(1)], 2, 1))).toBe('at 1');
  expect(marksText([])).toBe('');
});

it('has a colour for words that it does not know', () => {
  expect(['critical', 'warning', 'info', 'odd'].map(markColour)).toEqual([
    '--down',
    '--degraded-mark',
    '--muted',
    '--muted',
  ]);
});
