import { describe, expect, it, vi } from 'vitest';
import { Watch } from './watch.ts';

describe('Watch', () => {
  it('holds what any part of the page shows, each once', () => {
    const watch = new Watch();
    watch.add('range', ['b', 'a']);
    const gone = watch.add('range', ['a', 'c']);
    watch.add('documents', ['a']);
    expect(watch.view()).toEqual({ all: [], range: ['a', 'b', 'c'], documents: ['a'] });
    gone();
    expect(watch.view().range).toEqual(['a', 'b']);
  });

  it('is the same view while nothing changed', () => {
    const watch = new Watch();
    watch.add('all', ['cpu']);
    const before = watch.view();
    watch.add('all', ['memory'])();
    expect(watch.view()).toBe(before);
  });

  it('tells of changes', () => {
    const watch = new Watch();
    const told = vi.fn();
    watch.onChange(told);
    const gone = watch.add('range', ['a']);
    gone();
    watch.add('range', []);
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('asks for no more than the server takes: the newest', () => {
    const watch = new Watch();
    for (let n = 0; n < 1200; n++) watch.add('range', [`r${n}`]);
    const { range } = watch.view();
    expect(range).toHaveLength(1000);
    expect(range).toContain('r1199');
    expect(range).not.toContain('r0');
  });
});
