import { describe, expect, it, vi } from 'vitest';
import { parseCatalog } from '@/catalog/catalog.ts';
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

const catalog = parseCatalog({ types: [{ name: 'host', section: 'hosts' }] });

function filled(state: unknown): LiveStore {
  const store = new LiveStore();
  store.setCatalog(catalog);
  store.setState(state);
  return store;
}

describe('LiveStore', () => {
  const state = () => ({
    hosts: [
      { id: 'a', cpu: 1 },
      { id: 'b', cpu: 2 },
    ],
    activeAlerts: [{ id: 'x' }],
  });

  it('is loaded by the first state, even an empty one', () => {
    expect(new LiveStore().read().loaded).toBe(false);
    expect(filled({}).read().loaded).toBe(true);
  });

  it('tells nobody of a state that says the same', () => {
    const store = filled(state());
    const before = store.read();
    const told = vi.fn();
    store.subscribe(told);
    store.setState(state());
    expect(told).not.toHaveBeenCalled();
    expect(store.read()).toBe(before);
  });

  it('changes only the resource that moved', () => {
    const store = filled(state());
    const before = store.read();
    const next = state();
    next.hosts[0] = { id: 'a', cpu: 9 };
    store.setState(next);
    const after = store.read();
    expect(after.byId.get('a')?.doc).toEqual({ id: 'a', cpu: 9 });
    expect(after.byId.get('b')).toBe(before.byId.get('b'));
    expect(after.ids).toBe(before.ids);
    expect(after.alerts).toBe(before.alerts);
  });

  it('forgets what is gone', () => {
    const store = filled(state());
    store.setState({ hosts: [{ id: 'b', cpu: 2 }] });
    expect(store.read().ids).toEqual(['b']);
    expect(store.read().byId.has('a')).toBe(false);
    expect(store.read().alerts).toEqual([]);
  });

  it('follows the order of the server', () => {
    const store = filled(state());
    store.setState({ hosts: [...state().hosts].reverse() });
    expect(store.read().ids).toEqual(['b', 'a']);
  });

  it('keeps the data when the connection is lost', () => {
    const store = filled(state());
    store.setConnection({ phase: 'lost', since: 1, retryAt: undefined });
    expect(store.read().ids).toEqual(['a', 'b']);
  });

  it('forgets everything for the next user', () => {
    const store = filled(state());
    store.clear();
    expect(store.read()).toMatchObject({ loaded: false, ids: [], alerts: [] });
  });

  it('tells nobody who no longer listens', () => {
    const store = filled(state());
    const told = vi.fn();
    store.subscribe(told)();
    store.setState({});
    expect(told).not.toHaveBeenCalled();
  });
});
