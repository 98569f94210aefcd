import { describe, expect, it } from 'vitest';
import { parseFrame } from './frame.ts';

describe('parseFrame', () => {
  it.each([
    undefined,
    null,
    5,
    [],
    {},
    { type: 'ping' },
    { type: 'frame' },
    { type: 'frame', epoch: 'e', seq: '1', view: 1 },
  ])('does not take %j for a frame', (message) => {
    expect(parseFrame(message)).toBeUndefined();
  });

  it('reads what is there and gives the rest its default', () => {
    expect(parseFrame({ type: 'frame', epoch: 'e', seq: 1, view: 2 })).toEqual({
      epoch: 'e',
      seq: 1,
      view: 2,
      full: false,
      gone: [],
      blocks: [],
      documents: [],
      alerts: undefined,
    });
  });

  it('survives members of a wrong type', () => {
    const odd = {
      gone: [1, 'x', null],
      blocks: [null, { rows: 7 }, { rows: [0, 'x'], columns: { a: 5 } }],
      documents: [null, ['x', {}], [3, {}]],
      full: 'yes',
    };
    expect(parseFrame({ type: 'frame', epoch: 'e', seq: 1, view: 2, ...odd })).toMatchObject({
      gone: [1],
      blocks: [{ rows: [0], columns: { a: [] } }],
      documents: [[3, {}]],
      full: false,
    });
  });
});
