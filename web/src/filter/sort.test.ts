import { describe, expect, it } from 'vitest';
import { parseCatalog } from '@/catalog/catalog.ts';
import type { Resource } from '@/live/resource.ts';
import type { Status } from '@/live/status.ts';
import { order, orderer, parseSort, sortPaths, sortText, steady } from './sort.ts';

const catalog = parseCatalog({
  types: [
    {
      name: 'host',
      columns: [
        { name: 'cpu', path: 'cpu' },
        { name: 'os', path: 'os' },
      ],
    },
  ],
});
const types = new Map(catalog.types.map((t) => [t.name, t]));

function host(name: string, doc = {}, status: Status = 'fine'): Resource {
  return { id: name, type: 'host', name, status, word: '', lastSeen: undefined, doc };
}

const sorted = (text: string, ...hosts: Resource[]) => order(hosts, types, parseSort(text));

describe('order', () => {
  it('sorts names as people count', () => {
    expect(sorted('', host('n10'), host('N2'), host('n1'))).toEqual(['n1', 'N2', 'n10']);
  });

  it('turns the order around', () => {
    expect(sorted('-name', host('a'), host('b'))).toEqual(['b', 'a']);
  });

  it('compares numbers as numbers', () => {
    expect(sorted('cpu', host('a', { cpu: 10 }), host('b', { cpu: 9 }))).toEqual(['b', 'a']);
  });

  it.each(['cpu', '-cpu'])('puts what is not known last by %s', (by) => {
    expect(sorted(by, host('a'), host('b', { cpu: 1 }), host('c', { cpu: null }))).toEqual(['b', 'a', 'c']);
  });

  it.each(['cpu', '-cpu'])('keeps equal ones in the order of names by %s', (by) => {
    expect(sorted(by, host('b', { cpu: 1 }), host('a', { cpu: 1 }))).toEqual(['a', 'b']);
  });

  it('puts the most urgent state first', () => {
    const list = [host('a'), host('b', {}, 'stale'), host('c', {}, 'down'), host('d', {}, 'degraded')];
    expect(sorted('status', ...list)).toEqual(['c', 'd', 'b', 'a']);
  });

  it('tells those of one name apart by id, whatever order they come in', () => {
    const one = { ...host('x'), id: '1' };
    const two = { ...host('x'), id: '2' };
    const ten = { ...host('x'), id: '10' };
    expect(sorted('', ten, two, one)).toEqual(['1', '2', '10']);
  });
});

describe('the text of a sort', () => {
  it.each(['name', '-cpu'])('is read back: %s', (text) => {
    expect(sortText(parseSort(text))).toBe(text);
  });

  it('is the name when there is none', () => {
    expect(parseSort(undefined)).toEqual({ column: 'name', descending: false });
  });
});

describe('sortPaths', () => {
  it('names what an order reads of documents', () => {
    expect(['name', 'status', 'type', 'cpu', 'none'].map((c) => sortPaths(catalog.types, c))).toEqual([
      [],
      [],
      [],
      ['cpu'],
      [],
    ]);
  });
});

describe('ordering again', () => {
  const by = (text: string) => parseSort(text);

  it('is as ordering anew, whatever came, went or moved', () => {
    const again = orderer();
    const rounds = [
      [host('c', { cpu: 1 }), host('a', { cpu: 3 }), host('b', { cpu: 2 })],
      [host('c', { cpu: 9 }), host('d', { cpu: 3 }), host('b', { cpu: 2 })],
      [host('b'), host('x', { cpu: 5 })],
      [],
      [host('z'), host('y', { cpu: 5 })],
    ];
    for (const list of rounds) {
      for (const text of ['cpu', '-cpu', 'name']) {
        expect(again(list, types, by(text))).toEqual(order(list, types, by(text)));
      }
    }
  });

  it('gives back the same list while it says the same', () => {
    const same = steady();
    const first = same(['a', 'b']);
    expect(same(['a', 'b'])).toBe(first);
    expect(same(['b', 'a'])).toEqual(['b', 'a']);
    expect(same(['b', 'a', 'c'])).toEqual(['b', 'a', 'c']);
  });
});
