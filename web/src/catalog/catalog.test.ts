import { describe, expect, it } from 'vitest';
import { metricFormat, parseCatalog, type Metric, type ResourceType } from './catalog.ts';
import { judge } from './judge.ts';
import { at } from './path.ts';

function typeOf(raw: Record<string, unknown>): ResourceType {
  const type = parseCatalog({ types: [raw] }).types[0];
  if (!type) throw new Error('no type');
  return type;
}

describe('parseCatalog', () => {
  it.each([undefined, null, 5, 'x', [], {}, { types: null }, { types: 'x' }, { types: [null, 5] }])(
    'makes nothing of %j',
    (body) => {
      expect(parseCatalog(body).types).toEqual([]);
    },
  );

  it('gives what is missing its default', () => {
    expect(typeOf({ name: 'probe' })).toEqual({
      name: 'probe',
      label: 'probe',
      plural: 'probe',
      icon: '',
      family: 'infrastructure',
      section: '',
      historyType: 'probe',
      columns: [],
      conditions: [],
      facts: [],
      metrics: [],
      thresholds: [],
    });
  });

  it('survives members of a wrong type', () => {
    const type = typeOf({
      name: 'p',
      label: 7,
      columns: [{ name: 'a', width: 'x', priority: null }, 3],
      metrics: {},
    });
    expect(type.label).toBe('p');
    expect(type.columns).toMatchObject([{ name: 'a', label: 'a', width: 0, priority: 9, default: false }]);
    expect(type.metrics).toEqual([]);
  });

  it('shows an unknown format as text', () => {
    expect(typeOf({ name: 'p', columns: [{ name: 'a', format: 'furlong' }] }).columns[0]?.format).toBe(
      'text',
    );
  });

  it('tells rates of networks in bits and those of disks in bytes', () => {
    const columns = ['netin', 'diskread'].map((name) => ({ name, format: 'bytes_per_second' }));
    expect(typeOf({ name: 'p', columns }).columns.map((c) => c.format)).toEqual(['bits', 'bytes_per_second']);
  });

  it('never trips over a threshold without a value', () => {
    expect(typeOf({ name: 'p', thresholds: [{ metric: 'cpu' }] }).thresholds[0]?.trigger).toBe(Infinity);
  });
});

describe('metricFormat', () => {
  it.each<[Partial<Metric>, string]>([
    [{ unit: 'ratio', wireScale: 100 }, 'percent'],
    [{ unit: 'ratio' }, 'ratio'],
    [{ unit: 'bytes_per_second', chart: 'network' }, 'bits'],
    [{ name: 'if_rx', unit: 'bytes_per_second' }, 'bits'],
    [{ unit: 'bytes_per_second' }, 'bytes_per_second'],
    [{ unit: 'seconds' }, 'duration'],
    [{ unit: 'per_second' }, 'per_second'],
    [{ unit: 'celsius' }, 'celsius'],
    [{ unit: 'parsec' }, 'number'],
    [{}, 'number'],
  ])('%j is %s', (metric, want) => {
    const [m] = typeOf({ name: 'p', metrics: [{ name: 'x', ...metric }] }).metrics;
    expect(m && metricFormat(m)).toBe(want);
  });
});

describe('judge', () => {
  const type = typeOf({
    name: 'p',
    columns: [
      { name: 'cpu', metric: 'cpu', format: 'percent' },
      { name: 'free', metric: 'free' },
      { name: 'other' },
    ],
    metrics: [{ name: 'cpu', unit: 'ratio', wireScale: 100 }, { name: 'free' }],
    thresholds: [
      { metric: 'cpu', trigger: 0.9, severity: 'critical' },
      { metric: 'cpu', trigger: 0.8 },
      { metric: 'free', trigger: 10, below: true },
    ],
  });
  it.each([
    ['cpu', 79.9, 'fine'],
    ['cpu', 80, 'warning'],
    ['cpu', 90, 'critical'],
    ['cpu', undefined, 'fine'],
    ['free', 11, 'fine'],
    ['free', 10, 'warning'],
    ['other', 1e9, 'fine'],
  ])('%s at %s is %s', (name, value, want) => {
    const column = type.columns.find((c) => c.name === name);
    expect(column && judge(type, column, value)).toBe(want);
  });
});

describe('at', () => {
  it.each([
    ['a.b', 1],
    ['a', { b: 1 }],
    ['a.b.c', undefined],
    ['x.y', undefined],
    ['n', undefined],
    ['', undefined],
    ['list.0', 'first'],
  ])('%s', (path, want) => {
    expect(at({ a: { b: 1 }, n: null, list: ['first'] }, path)).toEqual(want);
  });
});
