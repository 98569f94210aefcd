import { describe, expect, it } from 'vitest';
import { rank } from './rank.ts';

const items = [
  { label: 'Overview' },
  { label: 'vega', also: 'host fine' },
  { label: 'vega-srv1', also: 'host fine' },
  { label: 'srv-vega', also: 'virtual machine down' },
  { label: 'Infrastructure', also: 'hosts nodes' },
];
const found = (query: string, limit = 9) => rank(items, query, limit).map((i) => i.label);

describe('rank', () => {
  it('puts the whole word before its beginning, and that before the middle', () => {
    expect(found('vega')).toEqual(['vega', 'vega-srv1', 'srv-vega']);
  });

  it('wants every word, wherever it is', () => {
    expect(found('vega down')).toEqual(['srv-vega']);
    expect(found('vega lost')).toEqual([]);
  });

  it('finds an abbreviation that begins where a word does', () => {
    expect(found('vs1')).toEqual(['vega-srv1']);
    expect(found('gs1')).toEqual([]);
  });

  it('prefers the name to other words', () => {
    expect(rank([{ label: 'a', also: 'host' }, { label: 'host' }], 'host', 9).map((i) => i.label)).toEqual([
      'host',
      'a',
    ]);
  });

  it('shows all for no query, up to the limit', () => {
    expect(found('', 2)).toEqual(['Overview', 'vega']);
    expect(found('  ')).toHaveLength(items.length);
  });

  it('bears characters that mean something to patterns', () => {
    expect(found('(.*')).toEqual([]);
  });
});
