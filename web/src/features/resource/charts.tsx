import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { LineChart } from 'lucide-react';
import { useCallback, useMemo } from 'react';
import { alertHistory } from '@/api/alerts.ts';
import { numbers, resourceNews, type Window } from '@/api/queries.ts';
import type { Metric, ResourceType } from '@/catalog/catalog.ts';
import { Chart } from '@/charts/chart.tsx';
import { linesBefore } from '@/charts/compare.ts';
import type { ChartMark } from '@/charts/marks.ts';
import type { Bound } from '@/charts/plot.tsx';
import { chartsOf } from '@/charts/series.ts';
import { dateTime } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { cx } from '@/ui/cx.ts';
import { Empty, Skeleton } from '@/ui/message.tsx';
import { defaultRange } from './range.tsx';

export function ChartSkeletons() {
  return (
    <div className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3" aria-busy>
      {[0, 1, 2, 3].map((n) => (
        <Skeleton key={n} className="h-60 w-full" />
      ))}
    </div>
  );
}

/** Points per line: more than a plot has pixels would be work for nothing. */
const points = 400;

/** A narrower part would hold no point. */
const narrowest = 10_000;

/** The part that the address asks for; undefined when it asks for none that there can be. */
function useWindow(): Window | undefined {
  const { from, to } = useSearch({ from: '/shell/r/$id' });
  return useMemo(() => {
    const part = { from: Number(from), to: Number(to) };
    return from !== undefined && to !== undefined && part.to - part.from >= narrowest ? part : undefined;
  }, [from, to]);
}

/** The numbers that the address asks for, and those of the time before when it asks for them too. */
function useHistories(id: string, kind: string) {
  const { range = defaultRange, compare } = useSearch({ from: '/shell/r/$id' });
  const part = useWindow();
  // The picture of before stays while another part loads.
  const now = useQuery({ ...numbers(kind, id, part ?? range, points), placeholderData: keepPreviousData });
  const earlier = useMemo((): Window => {
    const { start = 0, end = 0 } = now.data ?? {};
    return { from: start - (end - start), to: start };
  }, [now.data]);
  const wanted = compare === '1' && now.data !== undefined && !now.isPlaceholderData;
  const before = useQuery({
    ...numbers(kind, id, earlier, points),
    enabled: wanted,
    placeholderData: keepPreviousData,
  });
  return { part, now, before, compared: wanted ? before.data : undefined };
}

/** The values at which somebody is warned of a metric, as its chart counts. */
function boundsOf(type: ResourceType, metric: Metric): Bound[] {
  return type.thresholds
    .filter((t) => t.metric === metric.name && Number.isFinite(t.trigger))
    .map((t) => ({ value: t.trigger * metric.wireScale, critical: t.severity === 'critical' }));
}

/** So many of the newest things that happened are marked. */
const most = 200;

/** What happened to a resource while its charts last: its events and the alerts that began. */
function useMarks(id: string): ChartMark[] {
  const events = useQuery({ ...resourceNews(id).events(most), staleTime: 30_000 }).data;
  const alerts = useQuery({ ...alertHistory(most, ''), refetchInterval: 60_000, retry: false }).data;
  return useMemo(() => {
    const happened = (events?.events ?? []).map((e) => ({
      at: Date.parse(e.time),
      severity: e.severity,
      text: e.text || e.label,
    }));
    const fired = (alerts ?? [])
      .filter((a) => a.resourceId === id || a.resourceUid === id)
      .map((a) => ({ at: Date.parse(a.startTime), severity: a.level, text: a.message }));
    return [...fired, ...happened];
  }, [id, events, alerts]);
}

/** All numbers of a resource over time. */
export function Charts({ id, name, type }: { id: string; name: string; type: ResourceType }) {
  const navigate = useNavigate({ from: '/r/$id' });
  const { part, now, before, compared } = useHistories(id, type.historyType);
  const charts = useMemo(() => {
    const old = compared && chartsOf(type.metrics, compared);
    const by = compared ? compared.end - compared.start : 0;
    return chartsOf(type.metrics, now.data ?? {}).map((spec) => ({
      spec,
      before: old && linesBefore(spec, old, by),
      bounds: boundsOf(type, spec.metric),
    }));
  }, [type, now.data, compared]);
  const marks = useMarks(id);
  const zoom = useMemo(
    (): [number, number] | undefined => part && [part.from / 1000, part.to / 1000],
    [part],
  );
  // Each zoom is a step that the browser's Back undoes.
  const onZoom = useCallback(
    (to: [number, number] | undefined) => {
      const [a, b] = to?.map((s) => String(Math.round(s * 1000))) ?? [];
      if (to && (to[1] - to[0]) * 1000 < narrowest) return;
      void navigate({ search: (s) => ({ ...s, from: a, to: b }) });
    },
    [navigate],
  );

  if (now.isPending) return <ChartSkeletons />;
  if (now.isError && !now.data) {
    return (
      <ApiProblem
        title="The charts could not be loaded."
        error={now.error}
        retry={() => void now.refetch()}
      />
    );
  }
  if (charts.length === 0) {
    return (
      <Empty
        title="No measurements in this range"
        icon={<LineChart size={24} aria-hidden strokeWidth={1.5} />}
      >
        <p className="text-muted">They appear with the next reports, or in another range.</p>
      </Empty>
    );
  }
  const { start, end } = now.data;
  return (
    <section
      aria-label="Charts"
      className={cx('flex flex-col gap-2', now.isPlaceholderData && 'opacity-60')}
      aria-busy={now.isPlaceholderData}
    >
      {(part ?? compared) && (
        <p className="text-muted num text-sm" role="status">
          {part && `${dateTime(part.from)} to ${dateTime(part.to)}. `}
          {compared && `Dashed: the time before, ${dateTime(compared.start)} to ${dateTime(compared.end)}.`}
        </p>
      )}
      {before.isError && (
        <ApiProblem
          title="The time before could not be loaded."
          error={before.error}
          retry={() => void before.refetch()}
        />
      )}
      <div className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3">
        {charts.map((c) => (
          <Chart
            key={c.spec.key}
            {...c}
            marks={marks}
            subject={name}
            start={start}
            end={end}
            zoom={zoom}
            onZoom={onZoom}
          />
        ))}
      </div>
    </section>
  );
}
