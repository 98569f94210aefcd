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

/** How far a line stays from the edges of its cell, in pixels. */
const inset = { x: 12, y: 7 };

/**
 * The last hour of the rows that are on the screen, all of them on one canvas that lies over the table and moves with it. It
 * is a picture of numbers that other columns tell, so it is nothing to those who do not see it.
 */
export function TrendLayer({
  ids,
  sorted,
  top,
  rowHeight,
}: {
  /** The rows in order, empty for what is none. */
  ids: readonly string[];
  /** The column that the rows are sorted by: what one looks for is what is drawn. */
  sorted: string;
  /** How far the first row is below the head of the table. */
  top: number;
  rowHeight: number;
}) {
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

  useLayoutEffect(() => {
    const element = canvas.current;
    const head = element?.parentElement?.querySelector<HTMLElement>('th[data-trend]');
    const to = element?.getContext('2d');
    if (!element || !head || !to) return;
    const list = rows.current();
    const width = head.offsetWidth;
    const height = list.length * rowHeight;
    element.style.left = `${head.offsetLeft}px`;
    element.style.top = `${head.offsetHeight + top}px`;
    element.style.width = `${width}px`;
    element.style.height = `${height}px`;
    element.width = width * devicePixelRatio;
    element.height = height * devicePixelRatio;
    to.scale(devicePixelRatio, devicePixelRatio);
    const style = getComputedStyle(document.documentElement);
    const line = style.getPropertyValue('--chart-1').trim();
    const faded = style.getPropertyValue('--bar').trim();
    list.forEach((t, i) => {
      const values = t && trends.values(t.of);
      if (!values) return;
      const box = {
        x: inset.x,
        y: i * rowHeight + inset.y,
        width: width - 2 * inset.x,
        height: rowHeight - 2 * inset.y,
      };
      drawSparkline(to, values, t.whole, box, t.resource.status === 'stale' ? faded : line);
    });
  });

  return <canvas ref={canvas} aria-hidden data-trends className="pointer-events-none absolute" />;
}
