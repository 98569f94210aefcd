import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { useMemo } from 'react';
import { topOf, type Top } from '@/api/metrics.ts';
import { ranges } from '@/api/queries.ts';
import { metricFormat, type Metric, type ResourceType } from '@/catalog/catalog.ts';
import { show } from '@/format/value.ts';
import { useLive } from '@/live/hooks.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Page } from '@/parts/page.tsx';
import { Whose } from '@/parts/whose.tsx';
import { usePresent } from '@/table/select.ts';
import { cx } from '@/ui/cx.ts';
import { Empty, Skeleton } from '@/ui/message.tsx';
import { Select } from '@/ui/select.tsx';

const judgements = [
  ['average', 'On average'],
  ['max', 'At most'],
  ['last', 'Now'],
] as const;

/** Who had the most of a metric over a time. */
export function Busiest() {
  const search = useSearch({ from: '/shell/busiest' });
  const navigate = useNavigate({ from: '/busiest' });
  const present = usePresent(useLive((l) => l.catalog.types));
  const metrics = useMemo(() => choices(present), [present]);
  const metric = metrics.find((m) => m.wireName === search.metric) ?? metrics[0];
  const range = search.range ?? '1h';
  const by = judgements.find(([word]) => word === search.by)?.[0] ?? 'average';
  const kinds = present.filter((t) => t.metrics.some((m) => m.wireName === metric?.wireName));
  const type = kinds.find((t) => t.name === search.type)?.name ?? '';
  const set = (next: Partial<typeof search>) =>
    void navigate({ search: (s) => ({ ...s, ...next }), replace: true });
  return (
    <Page title="Busiest">
      <div className="grid grid-cols-2 gap-3 sm:max-w-3xl sm:grid-cols-4">
        <Select
          label="Metric"
          value={metric?.wireName ?? ''}
          onChange={(e) => set({ metric: e.target.value, type: undefined })}
        >
          {metrics.map((m) => (
            <option key={m.wireName} value={m.wireName}>
              {m.label}
            </option>
          ))}
        </Select>
        <Select label="Of" value={type} onChange={(e) => set({ type: e.target.value || undefined })}>
          <option value="">Everything</option>
          {kinds.map((t) => (
            <option key={t.name} value={t.name}>
              {t.plural}
            </option>
          ))}
        </Select>
        <Select label="Time" value={range} onChange={(e) => set({ range: e.target.value as typeof range })}>
          {ranges.map((r) => (
            <option key={r} value={r}>
              {r}
            </option>
          ))}
        </Select>
        <Select label="By" value={by} onChange={(e) => set({ by: e.target.value })}>
          {judgements.map(([word, label]) => (
            <option key={word} value={word}>
              {label}
            </option>
          ))}
        </Select>
      </div>
      {metric && <Ranking metric={metric} of={{ metric: metric.wireName, range, by, type }} />}
    </Page>
  );
}

/** What people ask for first. */
const first = ['cpu', 'memory', 'disk'];

/** The metrics that resources which are there have, each once; what is not divided into instances comes first. */
function choices(types: readonly ResourceType[]): Metric[] {
  const found = new Map<string, Metric>();
  for (const m of types.flatMap((t) => t.metrics)) {
    if (m.unit !== 'seconds' && !found.has(m.wireName)) found.set(m.wireName, m);
  }
  const rank = (m: Metric) => {
    const known = first.indexOf(m.wireName);
    return known >= 0 ? known : first.length + Number(m.instance !== '');
  };
  return [...found.values()].sort((a, b) => rank(a) - rank(b));
}

function Ranking({ metric, of }: { metric: Metric; of: Top }) {
  const asked = useQuery({ ...topOf(of), placeholderData: keepPreviousData });
  const types = useLive((l) => l.catalog.types);
  if (asked.isPending) return <Skeleton className="h-80 w-full max-w-3xl" />;
  if (!asked.data) {
    return (
      <ApiProblem
        title="The ranking could not be loaded."
        error={asked.error}
        retry={() => void asked.refetch()}
      />
    );
  }
  const items = asked.data.items;
  if (items.length === 0) {
    return (
      <Empty title={`Nobody measured ${metric.label} in this time`}>
        <p className="text-muted">Choose another metric, or a longer time.</p>
      </Empty>
    );
  }
  const format = metricFormat(metric);
  const most = Math.max(...items.map((i) => i.value), 0);
  const full = metric.unit === 'ratio' ? Math.max(100, most) : most;
  const text = (v: number) => show(v, format);
  return (
    <section
      aria-label="Ranking"
      aria-busy={asked.isPlaceholderData}
      className={cx('flex max-w-3xl flex-col gap-2', asked.isPlaceholderData && 'opacity-60')}
    >
      <p className="text-muted text-sm" role="status">
        {items.length} of {asked.data.of}
      </p>
      <ol className="bg-surface border-line rounded-lg border">
        {items.map((i) => (
          <li
            key={`${i.uid} ${i.instance ?? ''}`}
            className="border-line flex flex-col gap-1 border-b px-3 py-2 text-sm last:border-b-0"
          >
            <div className="flex flex-wrap items-baseline gap-x-3">
              <Link
                to="/r/$id"
                params={{ id: i.id }}
                title={i.id}
                className="font-medium break-all hover:underline"
              >
                {i.name}
              </Link>
              <Whose id={i.id} />
              <span className="text-muted">
                {[types.find((t) => t.name === i.type)?.label ?? i.type, i.instance]
                  .filter(Boolean)
                  .join(' · ')}
              </span>
              <span className="num ml-auto font-medium">{text(i.value)}</span>
              <span className="num text-muted w-full text-xs sm:w-56 sm:text-right">
                {text(i.min)} to {text(i.max)}, now {text(i.last)}
              </span>
            </div>
            <div aria-hidden className="bg-track h-1 overflow-hidden rounded-full">
              <div
                className="bg-bar h-full"
                style={{ width: `${full > 0 ? Math.min(100, (i.value / full) * 100) : 0}%` }}
              />
            </div>
          </li>
        ))}
      </ol>
    </section>
  );
}
