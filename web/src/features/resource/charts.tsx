import { useQuery } from '@tanstack/react-query';
import { LineChart } from 'lucide-react';
import { useMemo } from 'react';
import { alertHistory } from '@/api/alerts.ts';
import { resourceNews } from '@/api/queries.ts';
import type { Metric, ResourceType } from '@/catalog/catalog.ts';
import { Chart } from '@/charts/chart.tsx';
import { linesBefore } from '@/charts/compare.ts';
import type { ChartMark } from '@/charts/marks.ts';
import type { Bound } from '@/charts/plot.tsx';
import { overlaid } from '@/charts/overlay.ts';
import { chartsOf } from '@/charts/series.ts';
import { dateTime } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { cx } from '@/ui/cx.ts';
import { Empty, Skeleton } from '@/ui/message.tsx';
import { useHistories, useOthers } from './histories.ts';
import { OverlaidNames } from './overlay-picker.tsx';
import { useShowPart } from './part.ts';

export function ChartSkeletons() {
  return (
    <div className="grid gap-4 md:grid-cols-2 2xl:grid-cols-3" aria-busy>
      {[0, 1, 2, 3].map((n) => (
        <Skeleton key={n} className="h-60 w-full" />
      ))}
    </div>
  );
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
  const { part, when, now, before, compared } = useHistories(id, type.historyType);
  const { others, failed } = useOthers(when);
  const charts = useMemo(() => {
    const old = compared && chartsOf(type.metrics, compared);
    const by = (now.data?.start ?? 0) - (compared?.start ?? 0);
    return chartsOf(type.metrics, now.data ?? {}).map((spec) => ({
      spec: overlaid(spec, name, others),
      before: old && linesBefore(spec, old, by),
      bounds: boundsOf(type, spec.metric),
    }));
  }, [type, name, now.data, compared, others]);
  const marks = useMarks(id);
  const zoom = useMemo(
    (): [number, number] | undefined => part && [part.from / 1000, part.to / 1000],
    [part],
  );
  const onZoom = useShowPart();

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
          {compared && `Dashed: ${dateTime(compared.start)} to ${dateTime(compared.end)}.`}
        </p>
      )}
      {before.isError && (
        <ApiProblem
          title="The time to compare with could not be loaded."
          error={before.error}
          retry={() => void before.refetch()}
        />
      )}
      <OverlaidNames />
      {failed.map(({ id: other, name: whose, error }) => (
        <ApiProblem key={other} title={`The numbers of ${whose} could not be loaded.`} error={error} />
      ))}
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
