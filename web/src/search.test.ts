import { describe, expect, it } from 'vitest';
import { parseSearch, stringifySearch, tableSearch } from './search.ts';

describe('the search of a URL', () => {
  it('is written as people would', () => {
    expect(stringifySearch({ q: 'status:down tag:a/b', sort: '-cpu' })).toBe(
      '?q=status:down+tag:a/b&sort=-cpu',
    );
  });

  it.each([
    { q: 'a&b=c#d' },
    { q: '100%' },
    { q: 'name:"my web" +x' },
    { next: '/r/a?range=5m' },
    { q: '80' },
  ])('is read back: %j', (search) => {
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });

  it('leaves out what is not text', () => {
    expect(stringifySearch({ q: undefined, n: 5, o: {} })).toBe('');
  });
});

describe('tableSearch', () => {
  it('keeps what it knows, as text', () => {
    expect(tableSearch({ q: 80, sort: '-cpu', other: 'x' })).toEqual({ q: '80', sort: '-cpu' });
  });

  it('leaves out what says nothing', () => {
    expect(tableSearch({ q: '', sort: {} })).toEqual({});
  });
});
