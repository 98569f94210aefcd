import { expect, test } from 'vitest';
import type { ResourceType } from './catalog.ts';
import { byFamily, familyLabel } from './families.ts';

const type = (name: string, family: string) => ({ name, family }) as ResourceType;

test('families are in the order of the menu, unknown ones behind', () => {
  const types = [
    type('lamp', 'lights'),
    type('store', 'backups'),
    type('guest', 'workloads'),
    type('oven', 'kitchen'),
    type('host', 'infrastructure'),
    type('job', 'backups'),
  ];
  expect(byFamily(types).map(([family, of]) => [family, of.map((t) => t.name)])).toEqual([
    ['infrastructure', ['host']],
    ['workloads', ['guest']],
    ['backups', ['store', 'job']],
    ['lights', ['lamp']],
    ['kitchen', ['oven']],
  ]);
});

test('a family is written as a heading', () => {
  expect(familyLabel('mail')).toBe('Mail');
});
