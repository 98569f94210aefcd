import { describe, expect, it } from 'vitest';
import { suggest, take, typedAt } from './suggest.ts';

const keys = [
  { name: 'status', label: 'Status', compared: false },
  { name: 'tag', label: 'Tag', compared: false },
  { name: 'cpu', label: 'CPU', compared: true },
  { name: 'disk_status', label: 'Disk', compared: false },
];
const texts = (input: string, values: string[] = [], caret = input.length) =>
  suggest(typedAt(input, caret), keys, values).map((s) => s.text);

describe('suggest', () => {
  it('offers all keys where a term would begin', () => {
    expect(texts('')).toEqual(['status:', 'tag:', 'cpu>', 'disk_status:']);
    expect(texts('web ')).toHaveLength(4);
  });

  it('offers keys that begin with what is typed before those that hold it', () => {
    expect(texts('st')).toEqual(['status:', 'disk_status:']);
    expect(texts('-tag')).toEqual(['-tag:']);
    expect(texts('zz')).toEqual([]);
  });

  it('offers values of the key, in quotes where they have spaces', () => {
    expect(texts('status:d', ['down', 'degraded', 'stale'])).toEqual(
      ['status:down', 'status:degraded', 'status:stale'].slice(0, 2),
    );
    expect(texts('tag:', ['web', 'my lab'])).toEqual(['tag:web', 'tag:"my lab"']);
    expect(texts('tag:"my l', ['my lab'])).toEqual(['tag:"my lab"']);
  });

  it('offers nothing where the term is whole or a number is due', () => {
    expect(texts('tag:web', ['web'])).toEqual([]);
    expect(texts('cpu>', ['1'])).toEqual([]);
  });

  it('knows the term under the caret', () => {
    expect(texts('tag vega', [], 3)).toEqual(['tag:']);
  });
});

describe('take', () => {
  const taking = (input: string, text: string, whole: boolean, caret = input.length) =>
    take(input, typedAt(input, caret), { text, whole, hint: '' });

  it('goes on in the term while it is not whole', () => {
    expect(taking('web st', 'status:', false)).toEqual({ input: 'web status:', caret: 11 });
  });

  it('makes room for the next when it is', () => {
    expect(taking('tag:w', 'tag:web', true)).toEqual({ input: 'tag:web ', caret: 8 });
    expect(taking('tag:w vega', 'tag:web', true, 5)).toEqual({ input: 'tag:web vega', caret: 8 });
  });
});
