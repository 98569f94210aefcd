import { describe, expect, it, vi } from 'vitest';
import { emptyView, parseFrame, type Frame } from './frame.ts';
import { share } from './share.ts';
import { LiveStore } from './store.ts';

describe('share', () => {
  it('keeps the very object when nothing changed', () => {
    const prev = { a: [1, { b: null }], c: 'x' };
    expect(share(prev, structuredClone(prev))).toBe(prev);
  });

  it('replaces only the way to what changed', () => {
    const prev = { moved: { n: 1 }, still: { n: 1 } };
    const next = share(prev, { moved: { n: 2 }, still: { n: 1 } });
    expect(next).toEqual({ moved: { n: 2 }, still: { n: 1 } });
    expect(next.still).toBe(prev.still);
    expect(next.moved).not.toBe(prev.moved);
  });

  it.each<[unknown, unknown]>([
    [{ a: 1, b: 2 }, { a: 1 }],
    [{ a: 1 }, { a: 1, b: 2 }],
    [{ a: undefined }, { b: undefined }],
    [[1, 2], [1]],
    [[1], [1, 2]],
    [[], {}],
    [{}, []],
    [null, {}],
    [{}, null],
    [1, '1'],
  ])('tells %j from %j', (prev, next) => {
    const got = share(prev, next);
    expect(got).toEqual(next);
    expect(got).not.toBe(prev);
  });
});

function frame(members: Record<string, unknown>): Frame {
  const f = parseFrame({ type: 'frame', epoch: 'e', seq: 1, view: 1, ...members });
  if (!f) throw new Error('no frame');
  return f;
}

const two = () =>
  frame({
    full: true,
    alerts: [{ id: 'x' }],
    blocks: [{ rows: [0, 1], columns: { '@id': ['a', 'b'], '@type': ['host', 'host'], cpu: [1, 2] } }],
  });

function filled(f = two()): LiveStore {
  const store = new LiveStore();
  store.apply(f, emptyView);
  return store;
}

describe('LiveStore', () => {
  it('is loaded by the first frame, even an empty one', () => {
    expect(new LiveStore().read().loaded).toBe(false);
    expect(filled(frame({ full: true })).read().loaded).toBe(true);
  });

  it('tells nobody of a frame that says the same', () => {
    const store = filled();
    const before = store.read();
    const told = vi.fn();
    store.subscribe(told);
    store.apply(frame({ seq: 2 }), emptyView);
    store.apply({ ...two(), full: false }, emptyView);
    expect(told).not.toHaveBeenCalled();
    expect(store.read()).toBe(before);
  });

  it('changes only the resource that moved', () => {
    const store = filled();
    const before = store.read();
    store.apply(frame({ blocks: [{ rows: [0], columns: { cpu: [9] } }] }), emptyView);
    const after = store.read();
    expect(after.byId.get('a')?.doc).toMatchObject({ cpu: 9 });
    expect(after.byId.get('b')).toBe(before.byId.get('b'));
    expect(after.ids).toBe(before.ids);
    expect(after.alerts).toBe(before.alerts);
  });

  it('forgets what is gone', () => {
    const store = filled();
    store.apply(frame({ gone: [0], alerts: [] }), emptyView);
    expect(store.read().ids).toEqual(['b']);
    expect(store.read().byId.has('a')).toBe(false);
    expect(store.read().alerts).toEqual([]);
  });

  it('knows which columns it has of all', () => {
    const store = filled();
    store.apply(frame({}), { ...emptyView, all: ['cpu'] });
    expect(store.read().columns).toEqual(['cpu']);
  });

  it('gives up documents that are wanted no more', () => {
    const store = new LiveStore();
    store.apply({ ...two(), documents: [[0, { id: 'a', disks: [] }]] }, { ...emptyView, documents: ['a'] });
    expect(store.read().byId.get('a')?.doc).toHaveProperty('disks');
    store.apply(frame({}), emptyView);
    expect(store.read().byId.get('a')?.doc).not.toHaveProperty('disks');
  });

  it('knows when conditions and catalogue may have changed, and keeps them when nothing is said', () => {
    const store = filled();
    store.apply(frame({ conditions: 4 }), emptyView);
    expect(store.read()).toMatchObject({ epoch: 'e', conditions: 4 });
    const told = vi.fn();
    store.subscribe(told);
    store.apply(frame({ conditions: 4 }), emptyView);
    store.apply(frame({}), emptyView);
    expect(told).not.toHaveBeenCalled();
    store.apply(frame({ full: true, epoch: 'f' }), emptyView);
    expect(store.read()).toMatchObject({ epoch: 'f', conditions: 4 });
  });

  it('holds what to go on from', () => {
    expect(new LiveStore().held()).toBeUndefined();
    const store = filled();
    const view = { ...emptyView, range: ['a'] };
    store.apply(frame({ seq: 7 }), view);
    expect(store.held()).toEqual({ epoch: 'e', seq: 7, view });
  });

  it('keeps the data when the connection is lost', () => {
    const store = filled();
    store.setConnection({ phase: 'lost', since: 1, retryAt: undefined });
    expect(store.read().ids).toEqual(['a', 'b']);
  });

  it('knows whose values have come, so that what is missing is not unknown before', () => {
    const store = filled();
    const known = () => store.read().ids.filter((id) => store.read().byId.get(id)?.known);
    expect(known()).toEqual([]);
    const view = { ...emptyView, range: ['b', 'nobody'] };
    store.apply(frame({ seq: 8 }), view);
    expect(known()).toEqual(['b']);
    const before = store.read();
    store.apply(frame({ seq: 9 }), view);
    expect(store.read()).toBe(before);
  });

  it('forgets everything for the next user', () => {
    const store = filled();
    store.clear();
    expect(store.read()).toMatchObject({ loaded: false, ids: [], alerts: [] });
    expect(store.held()).toBeUndefined();
    store.apply(frame({}), emptyView);
    expect(store.read().ids).toEqual([]);
  });

  it('tells nobody who no longer listens', () => {
    const store = filled();
    const told = vi.fn();
    store.subscribe(told)();
    store.apply(frame({ full: true }), emptyView);
    expect(told).not.toHaveBeenCalled();
  });
});
