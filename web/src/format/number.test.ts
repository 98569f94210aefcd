import { describe, expect, it } from 'vitest';
import { bitRate, byteRate, bytes, celsius, exact, number, percent, unknown } from './number.ts';

// The marks of the machine's own language, so that the tests hold in each.
const mark = (1.5).toLocaleString().charAt(1);
const write = (text: string) => text.replace('.', mark);

describe('what is not known', () => {
  const forms = { bitRate, byteRate, bytes, celsius, exact, number, percent };
  it.each(Object.entries(forms))('is a dash and never zero: %s', (_, form) => {
    for (const v of [undefined, null, NaN, Infinity, '12', {}]) expect(form(v)).toBe(unknown);
    expect(form(0)).toContain('0');
  });
});

describe('number', () => {
  it.each([
    [1.23456, '1.23'],
    [12.3456, '12.3'],
    [123.456, '123'],
    [0.000123456, '0.000123'],
    [-1.23456, '-1.23'],
  ])('has three significant digits: %d', (v, want) => {
    expect(number(v)).toBe(write(want));
  });

  it('keeps all digits before the point', () => {
    expect(number(123_456).replaceAll(/\D/g, '')).toBe('123456');
  });
});

describe('percent', () => {
  it.each([
    [0, '0.0 %'],
    [9.94, '9.9 %'],
    [9.96, '10 %'],
    [99.6, '100 %'],
  ])('%d', (v, want) => {
    expect(percent(v)).toBe(write(want));
  });
});

describe('bytes', () => {
  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '0.98 KiB'],
    [1024, '1.00 KiB'],
    [1.5 * 1024 ** 3, '1.50 GiB'],
    [15.5 * 1024 ** 3, '15.5 GiB'],
    [999.4 * 1024 ** 2, '999 MiB'],
    [999.6 * 1024 ** 2, '0.98 GiB'],
    [2048 * 1024 ** 6, '2048 EiB'],
    [-2048, '-2.00 KiB'],
  ])('%d', (v, want) => {
    expect(bytes(v).replaceAll(/(?<=\d)[,.\s](?=\d{3})/g, '')).toBe(write(want));
  });

  it('tells rates of disks in the same units', () => {
    expect(byteRate(2048)).toBe(write('2.00 KiB/s'));
  });
});

describe('bitRate', () => {
  it.each([
    [0, '0 bit/s'],
    [125, '1.00 kbit/s'],
    [1_250_000, '10.0 Mbit/s'],
    [124_999_999, '1.00 Gbit/s'],
  ])('tells bytes of networks as SI bits: %d', (v, want) => {
    expect(bitRate(v)).toBe(write(want));
  });
});

describe('exact', () => {
  it('keeps digits and names the unit', () => {
    expect(exact(1.234567, '%')).toBe(write('1.234567 %'));
    expect(exact(2)).toBe('2');
  });
});
