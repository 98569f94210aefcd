import { expect, test } from 'vitest';
import type { Rule } from '@/api/alerts.ts';
import type { Catalog } from '@/catalog/catalog.ts';
import { about, judgeable, judged, sentence, words } from './rule.ts';

const catalog = {
  types: [
    {
      name: 'host',
      label: 'Host',
      plural: 'Hosts',
      conditions: [{ name: 'raid', label: 'RAID array degraded' }],
      metrics: [
        { name: 'cpu', unit: 'ratio', label: 'CPU' },
        { name: 'left', unit: 'seconds', label: 'Left' },
      ],
    },
  ],
} as unknown as Catalog;

function rule(r: Partial<Rule>): Rule {
  return { id: 'r', name: 'r', origin: 'user', enabled: true, priority: 0, match: {}, kind: 'cpu', ...r };
}

test('a rule is a sentence in the numbers that people know', () => {
  expect(
    sentence(rule({ trigger: 0.8, clear: 0.755, critical: 0.9, for: 300, severity: 'warning' }), catalog),
  ).toBe('warning from 80 %, critical from 90 %, over at 75.5 % for 5 min');
  expect(sentence(rule({ kind: 'heat', trigger: 3, below: true }), catalog)).toBe('warning down from 3');
  expect(sentence(rule({ kind: 'left', trigger: 1209600, below: true }), catalog)).toBe(
    'warning down from 14 d',
  );
  expect(sentence(rule({ off: true, trigger: 1 }), catalog)).toBe('is not judged');
  expect(sentence(rule({ kind: '*', quiet: true }), catalog)).toBe('is shown and told to nobody');
  expect(sentence(rule({ kind: 'raid', severity: 'critical' }), catalog)).toBe('critical');
});

test('what a rule is about', () => {
  expect(about(rule({}), catalog)).toBe('Everything');
  expect(about(rule({ match: { types: ['host', 'x'], tags: ['db'] }, instance: '=root' }), catalog)).toBe(
    'Hosts, x · tagged db · root',
  );
});

test('words are split at commas', () => {
  expect(words(' a, ,b ')).toEqual(['a', 'b']);
});

test('what a rule judges is called as the catalogue calls it', () => {
  const names = ['cpu', 'raid', 'offline', 'off', '*', 'odd'].map((kind) => judged(kind, ['host'], catalog));
  expect(names).toEqual(['CPU', 'RAID array degraded', 'Down', 'Stopped', 'Everything', 'odd']);
  expect(judged('cpu', ['x'], catalog)).toBe('cpu');
  expect(judged('cpu', [], catalog)).toBe('CPU');
});

test('what may be judged stands there once, and the types tell apart what bears one label', () => {
  const type = (plural: string, metrics: object[], conditions: object[] = []) => ({
    name: plural.toLowerCase(),
    plural,
    metrics,
    conditions,
  });
  const cpu = { name: 'cpu', label: 'CPU' };
  const queue = (name: string) => ({ name, label: 'Queue' });
  const several = {
    types: [
      type('Nodes', [cpu, queue('node_queue')], [{ name: 'fenced', label: 'Fenced' }]),
      type('Gateways', [cpu, queue('queue')]),
    ],
  } as unknown as Catalog;
  expect(judgeable(several, '')).toEqual({
    numbers: [
      ['cpu', 'CPU'],
      ['queue', 'Queue (Gateways)'],
      ['node_queue', 'Queue (Nodes)'],
    ],
    findings: [['fenced', 'Fenced']],
  });
  expect(judgeable(several, 'gateways')).toEqual({
    numbers: [
      ['cpu', 'CPU'],
      ['queue', 'Queue'],
    ],
    findings: [],
  });
});
