import { describe, expect, it } from 'vitest';
import { parseCatalog } from '@/catalog/catalog.ts';
import type { Resource } from '@/live/resource.ts';
import { sinceWhen } from './since.ts';

const [type] = parseCatalog({
  types: [{ name: 'vm', columns: [{ name: 'uptime', path: 'uptime', format: 'duration' }] }],
}).types;
if (!type) throw new Error('no type');
const now = Date.parse('2026-03-01T12:00:00Z');
const ten = '2026-03-01T10:00:00Z';
const eleven = '2026-03-01T11:00:00Z';

function vm(status: Resource['status'], doc = {}, more: Partial<Resource> = {}): Resource {
  return { id: 'a', type: 'vm', name: 'a', status, word: '', lastSeen: now, doc, ...more };
}

describe('since when', () => {
  it('counts back from how long it has been up', () => {
    expect(sinceWhen(vm('fine', { uptime: 3600 }), type, [], [])).toBe(now - 3_600_000);
  });

  it.each([{}, { uptime: 0 }, { uptime: null }])('is not known of what was never up: %j', (doc) => {
    expect(sinceWhen(vm('fine', doc), type, [], [])).toBeUndefined();
  });

  it('is the start of the alert of what does not run, however long it was up before', () => {
    const alerts = [
      { kind: 'off', startTime: eleven },
      { kind: 'memory', startTime: ten },
    ];
    expect(sinceWhen(vm('fine', { uptime: 3600 }), type, alerts, [])).toBe(Date.parse(eleven));
    expect(sinceWhen(vm('down'), type, [{ kind: 'offline', startTime: ten }], [])).toBe(Date.parse(ten));
  });

  it('is not the time of another alert of what is down', () => {
    expect(sinceWhen(vm('down', { uptime: 5 }), type, [{ kind: 'cpu', startTime: ten }], [])).toBeUndefined();
  });

  it('is the first of what is wrong with what is not well', () => {
    expect(sinceWhen(vm('degraded'), type, [{ kind: 'x', startTime: eleven }], [{ since: ten }])).toBe(
      Date.parse(ten),
    );
  });

  it('is when nothing more was heard of what is stale', () => {
    expect(sinceWhen(vm('stale', {}, { stale: { reason: '', since: 7 } }), type, [], [])).toBe(7);
  });
});
