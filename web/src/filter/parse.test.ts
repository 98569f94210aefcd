import { describe, expect, it } from 'vitest';
import { parseFilter, quantity, valueOf, withTerm } from './parse.ts';

const term = (key: string, op: string, value: string, not = false) => ({ key, op, value, not });

describe('parseFilter', () => {
  it.each([
    ['web', term('', ':', 'web')],
    ['status:down', term('status', ':', 'down')],
    ['Status:Down', term('status', ':', 'Down')],
    ['cpu>80', term('cpu', '>', '80')],
    ['mem<2g', term('mem', '<', '2g')],
    ['-tag:prod', term('tag', ':', 'prod', true)],
    ['-web', term('', ':', 'web', true)],
    ['-', term('', ':', '-')],
    ['name:"my web"', term('name', ':', 'my web')],
    ['"my web"', term('', ':', 'my web')],
    ['name:"my web', term('name', ':', 'my web')],
    ['name:', term('name', ':', '')],
    ['10.0.0.1', term('', ':', '10.0.0.1')],
    ['"a:b"', term('', ':', 'a:b')],
  ])('reads %s', (text, want) => {
    expect(parseFilter(text)).toEqual([{ ...want, text }]);
  });

  it('splits at spaces outside quotes and keeps the order', () => {
    expect(parseFilter('  a  name:"b c" -d ').map((t) => t.text)).toEqual(['a', 'name:"b c"', '-d']);
  });

  it('reads nothing from nothing', () => {
    expect(parseFilter(' ')).toEqual([]);
  });
});

describe('withTerm', () => {
  it('replaces the terms of the key and keeps the others', () => {
    expect(withTerm('web status:down cpu>8', 'status', 'fine')).toBe('web cpu>8 status:fine');
  });

  it('takes the key out', () => {
    expect(withTerm('web status:down', 'status', '')).toBe('web');
  });

  it('quotes what has spaces, so that it is read back', () => {
    expect(valueOf(withTerm('', 'name', 'my web'), 'name')).toBe('my web');
  });
});

describe('valueOf', () => {
  it('tells only what is asked for and not what is asked against', () => {
    expect(valueOf('status:down', 'status')).toBe('down');
    expect(valueOf('-status:down', 'status')).toBe('');
    expect(valueOf('cpu>80', 'cpu')).toBe('');
  });
});

describe('quantity', () => {
  it.each([
    ['80', 80],
    ['80%', 80],
    ['-3', -3],
    ['1.5', 1.5],
    ['1,5', 1.5],
    ['4g', 4 * 1024 ** 3],
    ['4GiB', 4 * 1024 ** 3],
    ['4GB', 4 * 1024 ** 3],
    ['2d', 172_800],
    ['5min', 300],
    ['5m', 5 * 1024 ** 2],
    ['7b', 7],
    ['10mbit', 10_000_000],
    ['8bit', 8],
    ['x', NaN],
    ['', NaN],
    ['5parsec', NaN],
    ['1e3', NaN],
  ])('reads %s', (text, want) => {
    expect(quantity(text)).toBe(want);
  });

  it('counts a prefix in steps of the base', () => {
    expect(quantity('2m', 1000)).toBe(2_000_000);
  });
});
