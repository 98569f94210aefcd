import { afterEach, describe, expect, it, vi } from 'vitest';
import { stepsOf } from '@/charts/ticks.ts';
import { bitRate, byteRate, bytes } from './number.ts';
import { onUnits, setUnits } from './units.ts';

const plain = (text: string) => text.replace(',', '.');

afterEach(() => setUnits({ size: 'iec', network: 'bits' }));

describe('units', () => {
  it('are IEC for memory and disks and bits for networks, unless others are chosen', () => {
    expect(plain(bytes(1_500_000_000))).toBe('1.40 GiB');
    expect(plain(byteRate(2048))).toBe('2.00 KiB/s');
    expect(plain(bitRate(1_000_000))).toBe('8.00 Mbit/s');
    setUnits({ size: 'si', network: 'bytes' });
    expect(plain(bytes(1_500_000_000))).toBe('1.50 GB');
    expect(plain(byteRate(2048))).toBe('2.05 kB/s');
    expect(plain(bitRate(1_000_000))).toBe('1.00 MB/s');
  });

  it('make round marks of axes', () => {
    expect(stepsOf('bytes')).toContain(1024 ** 3);
    expect(stepsOf('bits')).toContain(1e6 / 8);
    setUnits({ size: 'si', network: 'bytes' });
    expect(stepsOf('bytes')).toContain(1e9);
    expect(stepsOf('bits')).toContain(1e6);
  });

  it('tell when they change', () => {
    const told = vi.fn();
    const gone = onUnits(told);
    setUnits({ size: 'si' });
    gone();
    setUnits({ size: 'iec' });
    expect(told).toHaveBeenCalledTimes(1);
  });
});
