import { describe, expect, it } from 'vitest';
import { parseCatalog } from '@/catalog/catalog.ts';
import { columnsOf } from './columns.ts';

const { types } = parseCatalog({
  types: [
    {
      name: 'cluster',
      columns: [
        { name: 'nodes', label: 'Nodes', path: 'nodes', format: 'number', metric: 'nodes', default: true },
        { name: 'quorum', path: 'quorum', format: 'bool', default: true },
      ],
      metrics: [{ name: 'nodes', unit: 'count' }],
    },
    {
      name: 'node',
      columns: [
        { name: 'cpu', label: 'CPU', path: 'cpu', format: 'percent', metric: 'cpu', default: true },
        { name: 'load', path: 'load', format: 'number' },
      ],
      metrics: [{ name: 'cpu', unit: 'ratio' }],
    },
  ],
});
const names = (some = types, all = false) => columnsOf(some, all).map((c) => c.name);

describe('columns', () => {
  it('of one type come as its plugin says, the last hour behind what it shows', () => {
    expect(names(types.slice(0, 1))).toEqual(['name', 'status', 'nodes', '_trend', 'quorum']);
  });

  it('of several types are first those that most have, so that a table does not begin with empty ones', () => {
    expect(names()).toEqual(['name', 'status', 'type', 'cpu', '_trend', 'nodes', 'quorum']);
  });

  it('include what is not shown at first, and tags, when all are asked for', () => {
    expect(names(types.slice(1), true)).toEqual(['name', 'status', 'cpu', '_trend', 'load', 'tags']);
  });
});
