import { describe, expect, it } from 'vitest';
import { parseCatalog } from '@/catalog/catalog.ts';
import type { Resource } from '@/live/resource.ts';
import { grouped, groupingsOf, groupPaths, lineOf, partsOf } from './group.ts';

const { types } = parseCatalog({
  types: [
    {
      name: 'vm',
      plural: 'Machines',
      columns: [
        { name: 'node', label: 'Node', path: 'place.node', format: 'text' },
        { name: 'cpu', label: 'CPU', path: 'cpu', format: 'percent' },
        { name: 'tags', label: 'Tags', path: 'tags', format: 'list' },
      ],
    },
  ],
});
const byName = new Map(types.map((t) => [t.name, t]));

function resource(id: string, doc: Record<string, unknown>, status: Resource['status'] = 'fine'): Resource {
  return { id, type: 'vm', name: id, status, word: 'running', lastSeen: undefined, doc };
}

function lines(by: string, ...all: Resource[]): string[] {
  const byId = new Map(all.map((r) => [r.id, r]));
  return grouped([...byId.keys()], byId, byName, by).map((l) => {
    const { id, group } = partsOf(l);
    return id === '' ? `[${group ?? ''}]` : id;
  });
}

describe('grouped', () => {
  it('puts groups in the order that people count, and last what has none', () => {
    const at = (node: string) => ({ place: { node } });
    expect(
      lines(
        'node',
        resource('a', at('n10')),
        resource('b', {}),
        resource('c', at('n2')),
        resource('d', at('n10')),
      ),
    ).toEqual(['[n2]', 'c', '[n10]', 'a', 'd', '[]', 'b']);
  });

  it('keeps nodes of two clusters apart that are called the same', () => {
    const node = (id: string, name: string, instance: string, clusterName: string): Resource => ({
      ...resource(id, { instance, clusterName }),
      type: 'node',
      name,
    });
    const all = [
      node('n1', 'pve1', 'home', 'east'),
      node('n2', 'pve1', 'office', 'west'),
      node('n3', 'pve2', 'office', 'west'),
      resource('a', { place: { node: 'pve1' }, instance: 'office' }),
      resource('b', { place: { node: 'pve1' }, instance: 'home' }),
      resource('c', { place: { node: 'pve2' }, instance: 'office' }),
    ];
    const byId = new Map(all.map((r) => [r.id, r]));
    const got = grouped(['a', 'b', 'c'], byId, byName, 'node').map(partsOf);
    expect(got.filter((l) => l.id === '').map((l) => l.group)).toEqual([
      'pve1 (east)',
      'pve1 (west)',
      'pve2',
    ]);
    expect(got.map((l) => l.id)).toEqual(['', 'b', '', 'a', '', 'c']);
  });

  it('puts the most urgent state first', () => {
    expect(lines('status', resource('a', {}), resource('b', {}, 'down'), resource('c', {}, 'stale'))).toEqual(
      ['[down]', 'b', '[stale]', 'c', '[fine]', 'a'],
    );
  });

  it('has a line in each group that a resource is in', () => {
    expect(lines('tag', resource('a', { tags: ['x', 'y', 'x'] }), resource('b', { tags: ['y'] }))).toEqual([
      '[x]',
      'a',
      '[y]',
      'a',
      'b',
    ]);
  });
});

describe('groupingsOf', () => {
  it('is what is in words', () => {
    expect(groupingsOf(types).map((g) => g.name)).toEqual(['status', 'tag', 'node']);
    expect(groupPaths(types, 'node')).toEqual(['place.node']);
    expect(groupPaths(types, 'status')).toEqual([]);
  });
});

describe('partsOf', () => {
  it.each([
    ['a', { id: 'a', group: undefined }],
    [lineOf('g'), { id: '', group: 'g' }],
    [lineOf('', 'a'), { id: 'a', group: '' }],
    [lineOf('two\nlines', 'a'), { id: 'a', group: 'two\nlines' }],
  ])('of %j', (line, want) => {
    expect(partsOf(line)).toEqual(want);
  });
});
