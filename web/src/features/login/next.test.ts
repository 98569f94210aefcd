import { describe, expect, it } from 'vitest';
import { below, ownPlace } from './next.ts';

const base = 'http://pulse.lan:7655/';

describe('ownPlace', () => {
  it.each(['/', '/r/h1?range=5m#cpu', '/workloads?q=status:down', '/a//b', '/r/http://x'])(
    'goes on to %s',
    (next) => {
      expect(ownPlace(next, base)).toBe(next);
    },
  );

  it.each([
    undefined,
    '',
    'https://evil.example',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/\t/evil.example',
    '\t//evil.example',
    '/%0a/../..//evil.example/%2e%2e',
    'javascript:alert(1)',
    'r/h1',
    '//[',
    '//pulse.lan:7656/r',
  ])('never leaves by %j', (next) => {
    const place = ownPlace(next, base);
    expect(place).toMatch(/^\/(?!\/|\\)/);
    expect(new URL(place, base).origin).toBe(new URL(base).origin);
  });

  it.each(['https://evil.example/x', '//evil.example/x', '/\\evil.example/x', 'x'])(
    'goes home for %s',
    (next) => {
      expect(ownPlace(next, base)).toBe('/');
    },
  );

  it('takes no second server from a path', () => {
    expect(ownPlace('/..//evil.example', base)).toBe('/evil.example');
  });
});

it('a place of the app is below where the app is mounted', () => {
  expect(below('/r/a?b', 'https://tools.example/pulse/')).toBe('/pulse/r/a?b');
  expect(below('/', 'https://tools.example/')).toBe('/');
});
