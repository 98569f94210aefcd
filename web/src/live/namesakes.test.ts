import { describe, expect, it } from 'vitest';
import { namesakes } from './namesakes.ts';
import type { Resource } from './resource.ts';

function of(...resources: [id: string, name: string, doc: Resource['doc'], type?: string][]) {
  return new Map(
    resources.map(([id, name, doc, type = 'node']) => [
      id,
      { id, type, name, status: 'fine', word: 'online', lastSeen: undefined, doc } satisfies Resource,
    ]),
  );
}

const whose = (byId: ReadonlyMap<string, Resource>) => Object.fromEntries(namesakes(byId).whose);

describe('namesakes', () => {
  it('are told apart by their clusters, and nothing else is', () => {
    const all = of(
      ['a', 'pve1', { clusterName: 'east', instance: 'one' }],
      ['b', 'pve1', { clusterName: 'west', instance: 'two' }],
      ['c', 'pve2', { clusterName: 'west', instance: 'two' }],
    );
    expect(whose(all)).toEqual({ a: 'east', b: 'west' });
    expect(namesakes(all).any).toBe(true);
  });

  it('are told apart by their integrations where clusters do not do it', () => {
    const all = of(
      ['a', 'pve1', { clusterName: 'lab', instance: 'one' }],
      ['b', 'pve1', { clusterName: 'lab', instance: 'two' }],
      ['c', 'web', { instance: 'one' }],
      ['d', 'web', { instance: 'two' }],
    );
    expect(whose(all)).toEqual({ a: 'one', b: 'two', c: 'one', d: 'two' });
  });

  it('of which one has no cluster bear a word each', () => {
    const all = of(
      ['a', 'pve1', { clusterName: 'lab', instance: 'one' }],
      ['b', 'pve1', { instance: 'two' }],
    );
    expect(whose(all)).toEqual({ a: 'lab', b: 'two' });
  });

  it('bear both words where one is not enough', () => {
    const all = of(
      ['a', 'pve1', { clusterName: 'lab', instance: 'one' }],
      ['b', 'pve1', { clusterName: 'lab', instance: 'two' }],
      ['c', 'pve1', { clusterName: 'shop', instance: 'one' }],
    );
    expect(whose(all)).toEqual({ a: 'lab · one', b: 'lab · two', c: 'shop · one' });
  });

  it('of one system, of different types or that say nothing get no words', () => {
    const all = of(
      ['a', 'local', { instance: 'one' }],
      ['b', 'local', { instance: 'one' }],
      ['c', 'web', { instance: 'one' }, 'vm'],
      ['d', 'web', { instance: 'two' }, 'container'],
      ['e', 'x', {}],
      ['f', 'x', { instance: 7 }],
    );
    expect(whose(all)).toEqual({});
  });

  it('there are none where every name is there once', () => {
    expect(namesakes(of(['a', 'x', {}], ['b', 'y', {}])).any).toBe(false);
  });
});
