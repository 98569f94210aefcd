import { expect, test } from 'vitest';
import { split } from './tabs.ts';

const items = (keys: string) => keys.split(' ').map((key) => ({ key }));
const keys = (of: readonly { key: string }[]) => of.map((i) => i.key).join(' ');

test('what has room is shown', () => {
  expect(split(items('o i a p s')).map(keys)).toEqual(['o i a p s', '']);
});

test('what has no room is behind more, alerts never', () => {
  expect(split(items('o i w s b a p x')).map(keys)).toEqual(['o i w a', 's b p x']);
});
