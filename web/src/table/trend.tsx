import { useEffect, useLayoutEffect, useRef, useSyncExternalStore } from 'react';
import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { metricFormat } from '@/catalog/catalog.ts';
import { at } from '@/catalog/path.ts';
import { useNow } from '@/live/clock.ts';
import { useLiveSource } from '@/live/hooks.ts';
import type { Resource } from '@/live/resource.ts';
import type { Wanted } from '@/live/trends.ts';
import { useTheme } from '@/theme.ts';
import { trendSource } from './columns.ts';
import { drawSparkline } from './sparkline.ts';

/** What a row's line shows. */
interface Trend {
  of: Wanted;
  column: Column;
  /** By what a cell's value counts as the metric does. */
  scale: number;
  whole: number | undefined;
  resource: Resource;
}

function trendOf(resource: Resource, type: ResourceType, sorted: string): Trend | undefined {
  const column = trendSource(type, sorted);
  const metric = type.metrics.find((m) => m.name === column?.metric);
  if (!column || !metric) return undefined;
  const share = metric.unit === 'ratio';
  return {
    of: { type: type.name, id: resource.id, metric: metric.name },
    column,
    scale: column.format === 'ratio' && metricFormat(metric) === 'percent' ? 100 : 1,
    whole: share ? metric.wireScale : undefined,
    resource,
  };
}

/** Rows that were scrolled past are not asked for. */
const settle = 120;

/** Between two drawings, in milliseconds. */
const pause = 100;

/** Makes a canvas large enough and empty. It never shrinks: a new one each time that a row more or less shows costs more. */
function prepare(to: CanvasRenderingContext2D, width: number, height: number): void {
  const { canvas } = to;
  const tall = Math.max(
    height,
    width === Number.parseFloat(canvas.style.width) ? Number.parseFloat(canvas.style.height) : 0,
  );
  const [w, h] = [Math.round(width * devicePixelRatio), Math.round(tall * devicePixelRatio)];
  if (canvas.width !== w || canvas.height !== h) {
    canvas.width = w;
    canvas.height = h;
    canvas.style.width = `${width}px`;
    canvas.style.height = `${tall}px`;
  }
  to.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
  to.clearRect(0, 0, width, tall);
}

/** Where in each row its line lies, in pixels. */
export interface TrendPlace {
  /** What is above the first row. */
  head: number;
  rowHeight: number;
  width: number;
  /** From the right edge of the rows to that of the canvas. */
  right: number;
  /** How far the line stays from the edges of the canvas, and of the row above and below. */
  inset: { x: number; top: number; bottom: number };
}

/**
 * The last hour of the rows that are on the screen, all of them on one canvas that lies over them and moves with them. It is
 * a picture of numbers that are told beside it, so it is nothing to those who do not see it.
 */
export function TrendLayer({
  ids,
  sorted,
  top,
  place,
}: {
  /** The rows in order, empty for what is none. */
  ids: readonly string[];
  /** The column that the rows are sorted by: what one looks for is what is drawn. */
  sorted: string;
  /** How far the first row is below the head. */
  top: number;
  place: TrendPlace;
}) {
  const { head, rowHeight, width, right, inset } = place;
  const { store, trends } = useLiveSource();
  const now = useNow();
  // Drawn anew when lines came and when the colours are others.
  useSyncExternalStore(trends.subscribe, trends.version);
  useTheme();
  const canvas = useRef<HTMLCanvasElement>(null);
  const text = ids.join('\n');

  function read(): (Trend | undefined)[] {
    const { byId, catalog } = store.read();
    return text.split('\n').map((id) => {
      const resource = byId.get(id);
      const type = catalog.types.find((t) => t.name === resource?.type);
      return resource && type && trendOf(resource, type, sorted);
    });
  }
  const rows = useRef(read);
  useLayoutEffect(() => {
    rows.current = read;
  });

  useEffect(() => {
    const timer = setTimeout(() => trends.want(rows.current().flatMap((t) => (t ? [t.of] : []))), settle);
    return () => clearTimeout(timer);
  }, [trends, text, sorted, now]);

  // What the stream told meanwhile is taken in now and then: a picture of an hour need not move each second.
  useEffect(() => {
    for (const t of rows.current()) {
      if (!t) continue;
      const value = t.resource.status === 'stale' ? undefined : at(t.resource.doc, t.column.path);
      trends.add(t.of, typeof value === 'number' ? value * t.scale : null);
    }
  }, [trends, now]);

  const draw = useRef<() => void>(() => undefined);
  const drawn = useRef(-pause);
  useLayoutEffect(() => {
    draw.current = () => {
      const to = canvas.current?.getContext('2d');
      if (!to) return;
      drawn.current = performance.now();
      const list = rows.current();
      prepare(to, width, list.length * rowHeight);
      to.canvas.style.top = `${head + top}px`;
      const style = getComputedStyle(document.documentElement);
      const line = style.getPropertyValue('--chart-1').trim();
      const faded = style.getPropertyValue('--bar').trim();
      list.forEach((t, i) => {
        const values = t && trends.values(t.of);
        if (!values) return;
        const box = {
          x: inset.x,
          y: i * rowHeight + inset.top,
          width: width - 2 * inset.x,
          height: rowHeight - inset.top - inset.bottom,
        };
        drawSparkline(to, values, t.whole, box, t.resource.status === 'stale' ? faded : line);
      });
    };
    // While rows fly past, what is drawn moves with them as it is; the new ones follow as soon as there is time.
    const wait = drawn.current + pause - performance.now();
    if (wait <= 0) {
      draw.current();
      return;
    }
    const timer = setTimeout(() => draw.current(), wait);
    return () => clearTimeout(timer);
  });

  return (
    <canvas ref={canvas} aria-hidden data-trends className="pointer-events-none absolute" style={{ right }} />
  );
}
