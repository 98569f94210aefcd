import { describe, expect, it } from 'vitest';
import { parseCatalog, type ResourceType } from '@/catalog/catalog.ts';
import type { Resource } from '@/live/resource.ts';
import { compile, tagsOf } from './match.ts';
import { parseFilter } from './parse.ts';

const types = parseCatalog({
  types: [
    {
      name: 'host',
      label: 'Machine',
      columns: [
        { name: 'cpu', path: 'cpu.usage', format: 'percent' },
        { name: 'memory', path: 'memory.used', format: 'ratio' },
        { name: 'netin', path: 'netin', format: 'bytes_per_second' },
        { name: 'backup', path: 'backup', format: 'time' },
        { name: 'os', path: 'os', format: 'text' },
      ],
    },
    { name: 'guest', label: 'VM', columns: [{ name: 'uptime', path: 'uptime', format: 'duration' }] },
  ],
}).types;

const host: Resource = {
  id: 'h1',
  type: 'host',
  name: 'Web-1',
  status: 'down',
  word: 'offline',
  lastSeen: undefined,
  doc: {
    hostname: 'web1.lan',
    os: 'Debian 12',
    cpu: { usage: 81 },
    memory: { used: 0.5 },
    netin: 1_500_000,
    backup: '2026-01-01T00:00:00Z',
    tags: ['Prod', 'eu'],
  },
};

function matches(filter: string, r = host): boolean {
  const type = types.find((t) => t.name === r.type) as ResourceType;
  return compile(parseFilter(filter), types, () => Date.parse('2026-01-03T12:00:00Z')).matches(r, type);
}

describe('a filter', () => {
  it.each([
    '',
    'web',
    'WEB',
    'name:web1.lan',
    'debian',
    'prod',
    'tag:prod',
    'tags:EU',
    'status:down',
    'status:offline',
    'type:machine',
    'type:host',
    'id:H1',
    'os:"debian 12"',
    'cpu>80',
    'cpu<82',
    'mem>49%',
    'mem<51',
    'netin>11m',
    'netin<13mbit',
    'backup>2d',
    'backup<3d',
    '-status:fine',
    '-tag:test web',
    'os:',
  ])('finds by %s', (filter) => {
    expect(matches(filter)).toBe(true);
  });

  it.each([
    'db',
    'tag:pro',
    'status:fine',
    'status:up',
    'type:vm',
    'id:h',
    'cpu>81',
    'cpu<81',
    'mem>50',
    'netin>13m',
    'backup>60h',
    '-web',
    'web db',
    '-cpu>80',
    'uptime>1',
  ])('does not find by %s', (filter) => {
    expect(matches(filter)).toBe(false);
  });

  it('does not compare what is not known', () => {
    const silent = { ...host, doc: {} };
    expect(matches('cpu>0', silent)).toBe(false);
    expect(matches('cpu<1', silent)).toBe(false);
  });

  it('knows the words of the scale and those of people', () => {
    const fine: Resource = { ...host, status: 'fine', word: 'running' };
    expect(['up', 'ok', 'running', 'fine'].every((w) => matches(`status:${w}`, fine))).toBe(true);
    const stale: Resource = { ...host, status: 'stale', word: 'offline' };
    expect(matches('status:stale', stale)).toBe(true);
    expect(matches('status:warning', { ...host, status: 'degraded', word: 'x' })).toBe(true);
  });

  it('reads tags from a text too', () => {
    const r = { ...host, doc: { tags: 'a; b,c' } };
    expect(['a', 'b', 'c'].every((t) => matches(`tag:${t}`, r))).toBe(true);
  });

  it('says which terms it did not understand and leaves them out', () => {
    const filter = compile(parseFilter('colour:red cpu>lots name>3 web'), types);
    expect(filter.notUnderstood).toEqual(['colour:red', 'cpu>lots', 'name>3']);
    expect(filter.matches(host, types[0] as ResourceType)).toBe(true);
  });

  it('understands a key that any of the types has', () => {
    expect(compile(parseFilter('uptime>1d'), types).notUnderstood).toEqual([]);
  });
});

describe('the paths of a filter', () => {
  it.each([
    ['', []],
    ['web', ['hostname', 'tags', 'os']],
    ['name:web', ['hostname']],
    ['tag:a -tags:b', ['tags']],
    ['status:down type:host id:x', []],
    ['mem>50 cpu:8', ['memory.used', 'cpu.usage']],
    ['uptime>1d', ['uptime']],
    ['colour:red', []],
  ])('%j reads %j', (filter, want) => {
    expect(compile(parseFilter(filter), types).paths).toEqual(want);
  });
});

describe('tags', () => {
  const given: Resource = { ...host, given: ['loan', 'eu'] };
  it('are those of the source and those that people gave, each once', () => {
    expect(tagsOf(given)).toEqual(['Prod', 'eu', 'loan']);
    expect(tagsOf({ ...host, doc: {} })).toEqual([]);
  });
  it('are found whoever gave them', () => {
    expect(matches('tag:loan', given)).toBe(true);
    expect(matches('tag:prod', given)).toBe(true);
    expect(matches('tag:loan')).toBe(false);
  });
});
