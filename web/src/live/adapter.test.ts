import { describe, expect, it } from 'vitest';
import { parseCatalog } from '@/catalog/catalog.ts';
import { alertsOf, resourcesOf } from './adapter.ts';
import { statusOf, urgency } from './status.ts';

const catalog = parseCatalog({
  types: [
    { name: 'host', section: 'hosts' },
    { name: 'guest', section: 'vms', healthKey: 'pve-' },
  ],
});

describe('resourcesOf', () => {
  it.each([undefined, null, 'x', [], { hosts: {} }, { hosts: [null, 5, 'x', [], {}] }])(
    'makes nothing of %j',
    (state) => {
      expect(resourcesOf(state, catalog)).toEqual([]);
    },
  );

  it('reads the sections of the catalogue in its order, and no others', () => {
    const state = { vms: [{ id: 'v' }], hosts: [{ id: 'h' }], pools: [{ id: 'p' }] };
    expect(resourcesOf(state, catalog).map((r) => [r.type, r.id])).toEqual([
      ['host', 'h'],
      ['guest', 'v'],
    ]);
  });

  it.each([
    [{ id: 'h', displayName: 'D', name: 'N', hostname: 'H' }, 'D'],
    [{ id: 'h', displayName: '', name: 'N', hostname: 'H' }, 'N'],
    [{ id: 'h', hostname: 'H' }, 'H'],
    [{ id: 'h' }, 'h'],
    [{ uid: 'u' }, 'u'],
  ])('names %j', (doc, want) => {
    expect(resourcesOf({ hosts: [doc] }, catalog)[0]?.name).toBe(want);
  });

  it('makes what fails at an unheard source stale, and only that', () => {
    const state = {
      hosts: [
        { id: 'a', status: 'offline' },
        { id: 'b', status: 'offline' },
        { id: 'c', status: 'offline' },
      ],
      vms: [{ id: 'a', status: 'stopped' }],
      connectionHealth: { 'host-a': false, 'host-b': true, 'pve-a': false },
    };
    expect(resourcesOf(state, catalog).map((r) => r.status)).toEqual(['stale', 'down', 'down', 'fine']);
  });

  it('keeps the document, the word and the moment of the last report', () => {
    const doc = { id: 'a', status: 'Online', lastSeen: 1_700_000_000_000, extra: { x: 1 } };
    expect(resourcesOf({ hosts: [doc] }, catalog)[0]).toMatchObject({
      word: 'Online',
      status: 'fine',
      lastSeen: 1_700_000_000_000,
      doc,
    });
  });
});

describe('alertsOf', () => {
  it('reads what fires, and bears odd members', () => {
    const start = '2026-01-01T00:00:00Z';
    expect(
      alertsOf({ activeAlerts: [null, { id: 'a', level: 7, startTime: start, acknowledged: 1 }] }),
    ).toEqual([
      {
        id: 'a',
        level: '',
        resourceId: '',
        resourceName: '',
        message: '',
        start: Date.parse(start),
        acknowledged: false,
      },
    ]);
  });

  it.each([undefined, {}, { activeAlerts: null }])('is none in %j', (state) => {
    expect(alertsOf(state)).toEqual([]);
  });
});

describe('statusOf', () => {
  it('calls a word that nobody knows unknown, and not fine', () => {
    expect(statusOf('wobbly', undefined)).toBe('unknown');
    expect(statusOf('', true)).toBe('unknown');
  });

  it('leaves the unheard in peace that do not look down', () => {
    expect(statusOf('running', false)).toBe('fine');
  });

  it('orders by urgency', () => {
    expect(urgency('down')).toBeLessThan(urgency('stale'));
    expect(urgency('stale')).toBeLessThan(urgency('fine'));
  });
});
