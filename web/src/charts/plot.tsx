import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { lonely, type Aligned } from './align.ts';
import { addGestures } from './gestures.ts';
import { markColour, marksNear, type ChartMark } from './marks.ts';
import { timeLabels } from './ticks.ts';

export interface PlotProps {
  data: Aligned;
  /** Unix seconds. */
  start: number;
  end: number;
  /** The part that is looked at, when not all. */
  zoom: readonly [number, number] | undefined;
  onZoom: (range: [number, number] | undefined) => void;
  /** Writes a value of the axis. */
  show: (v: number) => string;
  /** The largest value of the axis, when it is fixed. */
  top: number | undefined;
  /** The distances that marks of the axis may have; undefined leaves it to the plot. */
  steps: readonly number[] | undefined;
  /** Whether the axis starts at 0. */
  fromZero: boolean;
  /** Tells the index under the cursor, null when it left, and the marks that it is at. */
  onCursor: (index: number | null, marks: readonly ChartMark[]) => void;
  /** What happened meanwhile. */
  marks: readonly ChartMark[];
  /** The first so many lines are of now, the others of the time before. */
  present: number;
  /** Values at which somebody is warned. */
  bounds: readonly Bound[];
  theme: string;
  height: number;
  label: string;
}

/** A value at which somebody is warned. */
export interface Bound {
  value: number;
  critical: boolean;
}

function variable(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** The colour of a line, as a CSS variable. */
export function lineColour(i: number): string {
  return `--chart-${(i % 8) + 1}`;
}

function columns(data: Aligned): uPlot.AlignedData {
  const list: (number[] | (number | null | undefined)[])[] = [data.x];
  for (const line of data.lines) list.push(line.value, line.min, line.max);
  return list as uPlot.AlignedData;
}

/** Draws a dashed line at each value at which somebody is warned, as far as it is in the picture. */
function drawBounds(u: uPlot, bounds: readonly Bound[]): void {
  const { left, top, width, height } = u.bbox;
  u.ctx.save();
  u.ctx.lineWidth = devicePixelRatio;
  u.ctx.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
  for (const { value, critical } of bounds) {
    const y = Math.round(u.valToPos(value, 'y', true));
    if (y < top || y > top + height) continue;
    u.ctx.strokeStyle = variable(critical ? '--down' : '--degraded-mark');
    u.ctx.beginPath();
    u.ctx.moveTo(left, y);
    u.ctx.lineTo(left + width, y);
    u.ctx.stroke();
  }
  u.ctx.restore();
}

/** How far from a mark the cursor may be, in CSS pixels. */
const reach = 6;

/** The marks under the cursor. */
function marksUnder(u: uPlot, marks: readonly ChartMark[]): ChartMark[] {
  const { left = -1 } = u.cursor;
  if (left < 0) return [];
  const at = u.posToVal(left, 'x');
  return marksNear(marks, at * 1000, Math.abs(u.posToVal(left + reach, 'x') - at) * 1000);
}

/** Draws a small triangle on the time axis for each thing that happened, the more severe over the others. */
function drawMarks(u: uPlot, marks: readonly ChartMark[]): void {
  const { left, top, width, height } = u.bbox;
  const size = 4 * devicePixelRatio;
  const order = ['--muted', '--degraded-mark', '--down'];
  u.ctx.save();
  for (const colour of order) {
    u.ctx.fillStyle = u.ctx.strokeStyle = variable(colour);
    for (const { at } of marks.filter((m) => markColour(m.severity) === colour)) {
      const x = Math.round(u.valToPos(at / 1000, 'x', true));
      if (x < left || x > left + width) continue;
      u.ctx.beginPath();
      u.ctx.moveTo(x - size, top + height);
      u.ctx.lineTo(x + size, top + height);
      u.ctx.lineTo(x, top + height - 1.6 * size);
      u.ctx.fill();
      if (colour === '--muted') continue;
      u.ctx.globalAlpha = 0.35;
      u.ctx.fillRect(x, top, devicePixelRatio, height);
      u.ctx.globalAlpha = 1;
    }
  }
  u.ctx.restore();
}

/** A quiet edge of the min-max band: nothing but the band itself shows. */
const edge: uPlot.Series = { stroke: 'transparent', width: 0, points: { show: false } };

function build(props: PlotProps): Pick<uPlot.Options, 'series' | 'bands'> {
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  props.data.lines.forEach((_, i) => {
    if (i >= props.present) {
      const faint = `${variable(lineColour(i - props.present))}99`;
      series.push(
        { stroke: faint, width: 1, dash: [4, 4], points: { show: false }, spanGaps: false },
        edge,
        edge,
      );
      return;
    }
    const colour = variable(lineColour(i));
    const dots: uPlot.Series.Points = { size: 4, fill: colour, filter: (u, at) => lonely(u.data[at] ?? []) };
    series.push({ stroke: colour, width: 1.5, points: dots, spanGaps: false }, edge, edge);
    const at = 1 + i * 3;
    if (props.data.spread) bands.push({ series: [at + 2, at + 1], fill: `${colour}2e` });
  });
  // A single line stands on a soft ground, so that its level is seen at once.
  const only = series[1];
  if (props.present === 1 && only && !props.data.spread) only.fill = `${variable(lineColour(0))}1f`;
  return { series, bands };
}

/** Plots of one group share the cursor and the part that shows. */
const group = 'resource';

function options(props: () => PlotProps, width: number): uPlot.Options {
  const p = props();
  const axis: uPlot.Axis = {
    stroke: variable('--muted'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: variable('--grid'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: p.height,
    ...build(p),
    legend: { show: false },
    padding: [8, 8, 0, 0],
    cursor: {
      sync: { key: group, setSeries: false },
      // With Shift the picture is moved, so no part is chosen.
      bind: {
        mousedown: (_, __, choose) => (e) => (e.shiftKey ? null : choose(e)),
      },
      drag: { x: true, y: false, setScale: false },
      points: { size: 6 },
      y: false,
    },
    scales: {
      x: { time: true },
      y: {
        range: (_, min, max) => {
          const { top, fromZero } = props();
          if (top !== undefined) return [0, top];
          const low = fromZero ? 0 : Math.max(0, Math.floor((Number.isFinite(min) ? min : 0) - 3));
          const high = Number.isFinite(max) ? max : 1;
          return [low, high <= low ? low + 1 : low + (high - low) * 1.1];
        },
      },
    },
    axes: [
      { ...axis, size: 28, space: 64, values: (_, ticks) => timeLabels(ticks) },
      {
        ...axis,
        size: 76,
        space: 34,
        ...(p.steps && { incrs: [...p.steps] }),
        values: (_, ticks) => ticks.map((v) => props().show(v)),
      },
    ],
    hooks: {
      draw: [(u) => drawBounds(u, props().bounds), (u) => drawMarks(u, props().marks)],
      setCursor: [(u) => props().onCursor(u.cursor.idx ?? null, marksUnder(u, props().marks))],
      setSelect: [
        (u) => {
          if (u.select.width < 4) return;
          const range: [number, number] = [
            u.posToVal(u.select.left, 'x'),
            u.posToVal(u.select.left + u.select.width, 'x'),
          ];
          u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          props().onZoom(range);
        },
      ],
    },
  };
}

/** The picture of lines over time. It is decoration for screen readers: the legend beside it is a table. */
export default function Plot(props: PlotProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const latest = useRef(props);
  const { data, start, end, zoom, theme, height, marks } = props;
  const shape = `${data.lines.length}/${props.present}/${data.spread}/${theme}/${height}`;

  useEffect(() => {
    latest.current = props;
  });

  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const u = new uPlot(
      options(() => latest.current, Math.max(160, element.clientWidth)),
      columns(latest.current.data),
      element,
    );
    plot.current = u;
    const observer = new ResizeObserver(() => {
      const width = Math.max(160, element.clientWidth);
      if (width !== u.width) u.setSize({ width, height: latest.current.height });
    });
    observer.observe(element);
    const removeGestures = addGestures(u, group, (span) => latest.current.onZoom([...span]));
    return () => {
      removeGestures();
      observer.disconnect();
      u.destroy();
      plot.current = null;
    };
  }, [shape]);

  useEffect(() => {
    const u = plot.current;
    if (!u) return;
    u.batch(() => {
      u.setData(columns(data), false);
      u.setScale('x', { min: zoom?.[0] ?? start, max: zoom?.[1] ?? end });
    });
  }, [data, start, end, zoom, marks, shape]);

  return (
    <div
      ref={place}
      role="img"
      aria-label={props.label}
      style={{ height }}
      className="w-full overflow-hidden"
      onDoubleClick={() => props.onZoom(undefined)}
    />
  );
}
