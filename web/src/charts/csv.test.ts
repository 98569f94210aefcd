import { describe, expect, it } from 'vitest';
import { parseCatalog } from '@/catalog/catalog.ts';
import { linesBefore } from './compare.ts';
import { csvOf, fileName } from './csv.ts';
import { chartsOf } from './series.ts';

const flat = (timestamp: number, value: number) => ({ timestamp, value, min: value, max: value });

describe('csvOf', () => {
  it('has a row for each moment and leaves what was not measured empty', () => {
    const csv = csvOf([
      { label: 'in', points: [flat(0, 1), flat(2000, 3)] },
      { label: 'out', points: [flat(1000, 2)] },
    ]);
    expect(csv.split('\r\n')).toEqual([
      'time,in,out',
      '1970-01-01T00:00:00.000Z,1,',
      '1970-01-01T00:00:01.000Z,,2',
      '1970-01-01T00:00:02.000Z,3,',
      '',
    ]);
  });

  it('tells the extremes of rollups', () => {
    const csv = csvOf([{ label: 'cpu', points: [{ timestamp: 0, value: 2, min: 1, max: 9 }] }]);
    expect(csv).toBe('time,cpu,cpu min,cpu max\r\n1970-01-01T00:00:00.000Z,2,1,9\r\n');
  });

  it.each([
    ['a,b', '"a,b"'],
    ['say "a"', '"say ""a"""'],
    ['=HYPERLINK("x")', '"\'=HYPERLINK(""x"")"'],
    ['-1+2', "'-1+2"],
    ['/var', '/var'],
  ])('writes the name %s as %s', (label, want) => {
    expect(csvOf([{ label, points: [] }])).toBe(`time,${want}\r\n`);
  });
});

describe('fileName', () => {
  it('keeps words and leaves out what paths are made of', () => {
    expect(fileName('../vega', 'Disk IO', '1h')).toBe('vega_Disk-IO_1h');
  });
});

describe('linesBefore', () => {
  const catalogue = parseCatalog({
    types: [
      {
        name: 'host',
        metrics: [{ name: 'cpu' }, { name: 'rx', chart: 'net' }, { name: 'tx', chart: 'net' }],
      },
    ],
  }).types[0];
  const metrics = catalogue?.metrics ?? [];
  const charts = (measured: Record<string, ReturnType<typeof flat>[]>) =>
    chartsOf(metrics, { metrics: measured });

  it('lays the lines of then over now, each over its own', () => {
    const now = charts({ rx: [flat(1000, 1)], tx: [flat(1000, 2)] });
    const then = charts({ cpu: [flat(0, 9)], tx: [flat(0, 5)] });
    const [net] = now;
    expect(net && linesBefore(net, then, 1000)).toEqual([
      { label: 'rx', points: [] },
      { label: 'tx', points: [flat(1000, 5)] },
    ]);
  });
});
