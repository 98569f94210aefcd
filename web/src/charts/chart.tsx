import { lazy, memo, Suspense, useCallback, useMemo, useRef } from 'react';
import { metricFormat } from '@/catalog/catalog.ts';
import { dateTime, exactTime } from '@/format/time.ts';
import { show } from '@/format/value.ts';
import { useTheme } from '@/theme.ts';
import { Skeleton } from '@/ui/message.tsx';
import { align, nearest, summarize } from './align.ts';
import { ChartMenu } from './chart-menu.tsx';
import { marksText, type ChartMark } from './marks.ts';
import { pictureOf } from './picture.ts';
import type { Bound } from './plot.tsx';
import type { ChartSpec, Series } from './series.ts';
import { stepsOf } from './ticks.ts';

const Plot = lazy(() => import('./plot.tsx'));

const height = 150;

export interface ChartProps {
  spec: ChartSpec;
  /** Unix milliseconds. */
  start: number;
  end: number;
  zoom: readonly [number, number] | undefined;
  onZoom: (range: [number, number] | undefined) => void;
  /** Whose numbers these are. */
  subject: string;
  /** The lines of the time before, one for each of the chart's, when these are compared. */
  before?: readonly Series[] | undefined;
  /** Values at which somebody is warned. */
  bounds: readonly Bound[];
  /** What happened meanwhile. */
  marks: readonly ChartMark[];
}

/** Long names of one family differ at their ends, so what does not fit is left out before the last characters. */
function Label({ text }: { text: string }) {
  const cut = Math.max(0, text.length - 8);
  return (
    <>
      <span className="truncate whitespace-pre">{text.slice(0, cut)}</span>
      <span className="shrink-0 whitespace-pre">{text.slice(cut)}</span>
    </>
  );
}

/** A titled plot with its legend: now, or what is under the cursor, and min, average and max of the range. */
export const Chart = memo(function Chart({
  spec,
  start,
  end,
  zoom,
  onZoom,
  subject,
  before,
  bounds,
  marks,
}: ChartProps) {
  const { shown } = useTheme();
  const data = useMemo(() => align([...spec.series, ...(before ?? [])].map((s) => s.points)), [spec, before]);
  const format = metricFormat(spec.metric);
  const write = useCallback((v: number) => show(v, format), [format]);
  const summaries = useMemo(() => spec.series.map((s) => summarize(s.points, end)), [spec, end]);
  const olds = useMemo(() => before?.map((s) => summarize(s.points, end).avg), [before, end]);
  const figure = useRef<HTMLElement>(null);
  const legend = useRef<HTMLTableElement>(null);

  // The cursor moves far more often than React should render: its values are written straight into the legend.
  const onCursor = useCallback(
    (index: number | null, under: readonly ChartMark[]) => {
      const table = legend.current;
      if (!table) return;
      const told = figure.current?.querySelector<HTMLElement>('[data-marks]');
      if (told) {
        told.textContent = marksText(under);
        told.hidden = under.length === 0;
      }
      const head = table.querySelector<HTMLElement>('[data-moment]');
      const seconds = index === null ? undefined : data.x[index];
      if (head) {
        head.textContent =
          seconds === undefined
            ? 'now'
            : new Date(seconds * 1000).toLocaleTimeString(undefined, { timeStyle: 'medium' });
        head.title = seconds === undefined ? '' : exactTime(seconds * 1000);
      }
      table.querySelectorAll<HTMLElement>('[data-now]').forEach((cell, i) => {
        const value = index === null ? summaries[i]?.now : nearest(data.lines[i]?.value ?? [], index);
        cell.textContent = show(value, format);
      });
      table.querySelectorAll<HTMLElement>('[data-before]').forEach((cell, i) => {
        const line = data.lines[summaries.length + i];
        cell.textContent = show(index === null ? olds?.[i] : nearest(line?.value ?? [], index), format);
      });
    },
    [data, summaries, olds, format],
  );

  const picture = async () => {
    const canvas = figure.current?.querySelector('canvas');
    if (!canvas) return undefined;
    const style = getComputedStyle(document.documentElement);
    const lines = spec.series.map((s, i) => {
      const { min, avg, max } = summaries[i] ?? {};
      return {
        colour: style.getPropertyValue(`--chart-${(i % 8) + 1}`).trim(),
        label: s.label,
        text: `min ${show(min, format)}   avg ${show(avg, format)}   max ${show(max, format)}`,
      };
    });
    const span = `${dateTime(start)} – ${dateTime(end)}${before ? ', dashed: another time' : ''}`;
    return pictureOf(canvas, `${subject}: ${spec.title}, ${span}`, lines);
  };

  const taken = useMemo(
    () => [...spec.series, ...(before ?? []).map((s) => ({ ...s, label: `${s.label}, then` }))],
    [spec, before],
  );
  const wide = spec.series.length > 1;
  return (
    <figure
      ref={figure}
      className="@container bg-surface border-line relative flex min-w-0 flex-col rounded-lg border px-3 pt-2.5 pb-2"
    >
      <figcaption className="mb-1 flex items-center justify-between gap-2">
        <h3 className="font-semibold" title={spec.metric.help}>
          {spec.title}
        </h3>
        <span className="flex items-center gap-2">
          {spec.hidden > 0 && <span className="text-muted text-xs">{spec.hidden} more not drawn</span>}
          <ChartMenu title={spec.title} subject={subject} series={taken} format={format} picture={picture} />
        </span>
      </figcaption>
      <p
        data-marks
        hidden
        aria-hidden
        className="bg-raised border-line shadow-pop pointer-events-none absolute inset-x-3 top-9 z-10 truncate rounded-md border px-2 py-1 text-xs"
      />
      <Suspense fallback={<Skeleton className="h-[150px] w-full" />}>
        <Plot
          data={data}
          start={start / 1000}
          end={end / 1000}
          zoom={zoom}
          onZoom={onZoom}
          show={write}
          top={format === 'percent' ? 100 : format === 'ratio' ? 1 : undefined}
          steps={stepsOf(format)}
          fromZero={format !== 'celsius'}
          onCursor={onCursor}
          present={spec.series.length}
          bounds={bounds}
          marks={marks}
          theme={shown}
          height={height}
          label={`${spec.title} over time; the table that follows says it in numbers.`}
        />
      </Suspense>
      <table ref={legend} className="num mt-1 w-full table-fixed text-xs whitespace-nowrap">
        <caption className="visually-hidden">{spec.title}</caption>
        <thead className="text-muted">
          <tr>
            <th className="w-1/3 text-left font-normal">
              <span className="visually-hidden">Line</span>
            </th>
            <th scope="col" className="text-right font-normal" data-moment>
              now
            </th>
            {before ? (
              <th
                scope="col"
                className="text-right font-normal"
                title="The average of the time that is dashed"
              >
                then
              </th>
            ) : (
              <th scope="col" className="text-right font-normal @max-[25rem]:hidden">
                min
              </th>
            )}
            <th scope="col" className="text-right font-normal">
              avg
            </th>
            <th scope="col" className="text-right font-normal">
              max
            </th>
          </tr>
        </thead>
        <tbody>
          {spec.series.map((s, i) => (
            <tr key={s.label}>
              <th scope="row" aria-label={s.label} className="text-left font-normal" title={s.label}>
                {wide || s.label !== spec.title ? (
                  <span className="flex items-center">
                    <span
                      aria-hidden
                      className="mr-1.5 h-0.5 w-3 shrink-0"
                      style={{ background: `var(--chart-${(i % 8) + 1})` }}
                    />
                    <Label text={s.label} />
                  </span>
                ) : (
                  <span className="visually-hidden">{s.label}</span>
                )}
              </th>
              <td className="text-right font-medium" data-now>
                {show(summaries[i]?.now, format)}
              </td>
              {before ? (
                <td className="text-muted text-right" data-before>
                  {show(olds?.[i], format)}
                </td>
              ) : (
                <td className="text-muted text-right @max-[25rem]:hidden">
                  {show(summaries[i]?.min, format)}
                </td>
              )}
              <td className="text-muted text-right">{show(summaries[i]?.avg, format)}</td>
              <td className="text-muted text-right">{show(summaries[i]?.max, format)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </figure>
  );
});
