import { beforeEach, describe, expect, it } from 'vitest';
import type { Frame } from './frame.ts';
import type { Resource } from './resource.ts';
import { Rows } from './rows.ts';

const frame = (f: Partial<Frame>): Frame => ({
  epoch: 'e',
  seq: 1,
  view: 1,
  full: false,
  gone: [],
  blocks: [],
  documents: [],
  alerts: undefined,
  conditions: undefined,
  ...f,
});

const two = frame({
  full: true,
  blocks: [
    {
      rows: [4, 3],
      columns: {
        '@id': ['a', 'b'],
        '@type': ['host', 'host'],
        '@name': ['A', ''],
        '@status': ['up', 'stale'],
        '@word': ['running', 'offline'],
      },
    },
    { rows: [7], columns: { '@reason': ['no report in time'], '@since': [5000], '@seen': [4000] } },
    { rows: [4], columns: { cpu: [12.5], 'memory.usage': [50], 'load.0': [1], lastSeen: [9000] } },
  ],
});

let rows: Rows;
let byId: Map<string, Resource>;

function take(f: Frame): boolean {
  const changed = rows.apply(f);
  byId = rows.byId(byId);
  return changed;
}

beforeEach(() => {
  rows = new Rows();
  byId = new Map();
  take(two);
});

describe('Rows', () => {
  it('counts rows by their distances and puts cells into documents', () => {
    expect([...byId.keys()]).toEqual(['a', 'b']);
    expect(byId.get('a')).toMatchObject({ name: 'A', status: 'fine', word: 'running', lastSeen: 9000 });
    expect(byId.get('a')?.doc).toMatchObject({ cpu: 12.5, memory: { usage: 50 }, load: { '0': 1 } });
  });

  it('tells the tags that people gave, until they take them away', () => {
    const tags = (list: unknown) =>
      take({ ...two, full: false, blocks: [{ rows: [4], columns: { '@tags': [list] } }] });
    tags(['loan', 7]);
    expect(byId.get('a')?.given).toEqual(['loan']);
    tags(null);
    expect(byId.get('a')).not.toHaveProperty('given');
  });

  it('says why something is stale', () => {
    expect(byId.get('b')).toMatchObject({
      name: 'b',
      status: 'stale',
      word: 'offline',
      lastSeen: 4000,
      stale: { reason: 'no report in time', since: 5000 },
    });
    take(
      frame({ blocks: [{ rows: [7], columns: { '@reason': [null], '@since': [null], '@status': ['up'] } }] }),
    );
    expect(byId.get('b')).not.toHaveProperty('stale');
  });

  it('changes only what moved', () => {
    const before = byId;
    expect(take(frame({ seq: 2, blocks: [{ rows: [4], columns: { cpu: [13] } }] }))).toBe(true);
    expect(byId.get('a')?.doc.cpu).toBe(13);
    expect(byId.get('a')?.doc.memory).toBe(before.get('a')?.doc.memory);
    expect(byId.get('b')).toBe(before.get('b'));
    expect(rows.seq).toBe(2);
  });

  it('says when nothing changed', () => {
    expect(take(frame({ blocks: [{ rows: [4], columns: { cpu: [12.5] } }] }))).toBe(false);
    expect(take(frame({ gone: [99] }))).toBe(false);
  });

  it('forgets a value that is null, and a row that is gone', () => {
    take(frame({ gone: [7], blocks: [{ rows: [4], columns: { cpu: [null] } }] }));
    expect([...byId.keys()]).toEqual(['a']);
    expect(byId.get('a')?.doc.cpu).toBeUndefined();
  });

  it('begins anew with a full frame, and keeps the objects that are the same', () => {
    const before = byId.get('a');
    expect(take({ ...two, epoch: 'f' })).toBe(true);
    expect(byId.get('a')).toBe(before);
    take(frame({ full: true }));
    expect(byId.size).toBe(0);
  });

  it('shows a whole document while it is wanted', () => {
    take(frame({ documents: [[4, { id: 'a', disks: [1], cpu: 12.4567 }]] }));
    expect(byId.get('a')?.doc).toEqual({ id: 'a', disks: [1], cpu: 12.4567 });
    expect(rows.keepDocuments(['a'])).toBe(false);
    expect(rows.keepDocuments([])).toBe(true);
    byId = rows.byId(byId);
    expect(byId.get('a')?.doc).toMatchObject({ cpu: 12.5 });
  });

  it('bears documents and cells of rows that nobody named', () => {
    take(frame({ documents: [[99, { id: 'x' }]], blocks: [{ rows: [50], columns: { cpu: [1] } }] }));
    expect([...byId.keys()]).toEqual(['a', 'b']);
  });

  it('is not led astray by the names of members', () => {
    take(frame({ blocks: [{ rows: [4], columns: { '__proto__.x': [1], 'constructor.y': [2] } }] }));
    expect(({} as Record<string, unknown>).x).toBeUndefined();
    expect(byId.get('b')?.doc.y).toBeUndefined();
  });
});
