import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { judge } from '@/catalog/judge.ts';
import { measured } from '@/catalog/measured.ts';
import { tagsOf } from '@/filter/match.ts';
import { age } from '@/format/time.ts';
import { precise, show } from '@/format/value.ts';
import { useNow } from '@/live/clock.ts';
import type { Resource } from '@/live/resource.ts';
import { statusLabel } from '@/live/status.ts';
import { StatusText } from '@/parts/mark.tsx';
import { Bar } from '@/ui/bar.tsx';
import { cx } from '@/ui/cx.ts';
import { hasBar, statusColumn, trendColumn } from './columns.ts';

/** The state of a resource in words; what is stale says how old it is. */
export function StatusCell({ resource, mark }: { resource: Resource; mark?: boolean }) {
  if (resource.status === 'stale' && resource.lastSeen !== undefined) {
    return <StaleFor since={resource.lastSeen} word={resource.word} mark={mark ?? false} />;
  }
  const word = resource.status === 'fine' ? resource.word : statusLabel[resource.status];
  return (
    <StatusText
      status={resource.status}
      word={word}
      mark={mark ?? false}
      {...(resource.word !== word && { title: resource.word })}
    />
  );
}

function StaleFor({ since, word, mark }: { since: number; word: string; mark: boolean }) {
  const now = useNow();
  return (
    <span title={`The source is ${word}; values are from the last report.`}>
      <StatusText status="stale" word={`stale ${age(since, now)}`} mark={mark} />
    </span>
  );
}

function Tags({ resource }: { resource: Resource }) {
  const text = tagsOf(resource).join(', ');
  return text === '' ? <span className="text-muted">–</span> : <span title={text}>{text}</span>;
}

/** One value of a resource, as its column's format says. */
export function Cell({ resource, type, column }: { resource: Resource; type: ResourceType; column: Column }) {
  if (column.name === statusColumn) return <StatusCell resource={resource} />;
  if (column.name === trendColumn) return null;
  if (column.name === 'type') return <span className="text-muted">{type.label}</span>;
  if (column.name === 'tags') return <Tags resource={resource} />;
  const own = type.columns.find((c) => c.name === column.name);
  if (!own) return <span className="text-muted">–</span>;
  const value = measured(resource, own);
  if (value === undefined && !resource.known) return null;
  const text = show(value, own.format);
  if (!hasBar(own) || typeof value !== 'number') {
    return (
      <span title={precise(value, own.format)} className={cx('num', value === undefined && 'text-muted')}>
        {text}
      </span>
    );
  }
  const look = judge(type, own, value);
  return (
    <span title={precise(value, own.format)} className="flex items-center gap-2">
      <span
        className={cx(
          'num w-11 shrink-0 text-right',
          look === 'warning' && 'text-degraded font-medium',
          look === 'critical' && 'text-down font-medium',
        )}
      >
        {text}
      </span>
      <Bar
        percent={own.format === 'ratio' ? value * 100 : value}
        look={look}
        className="h-1.5 min-w-4 flex-1"
      />
    </span>
  );
}
