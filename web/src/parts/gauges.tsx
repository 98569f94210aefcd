import type { Column, ResourceType } from '@/catalog/catalog.ts';
import { judge } from '@/catalog/judge.ts';
import { measured } from '@/catalog/measured.ts';
import { precise, show } from '@/format/value.ts';
import type { Resource } from '@/live/resource.ts';
import { hasBar } from '@/table/columns.ts';
import { Bar } from '@/ui/bar.tsx';
import { cx } from '@/ui/cx.ts';

/** The numbers of a resource's columns, now. */
export function Gauges({ resource, type }: { resource: Resource; type: ResourceType }) {
  const shown = type.columns.filter(
    (c) => !['text', 'list', 'bool', 'time'].includes(c.format) && measured(resource, c) !== undefined,
  );
  if (shown.length === 0) return null;
  return (
    <dl className="bg-surface border-line grid grid-cols-[repeat(auto-fill,minmax(8.75rem,1fr))] overflow-hidden rounded-lg border">
      {shown.map((c) => (
        <Gauge key={c.name} resource={resource} type={type} column={c} />
      ))}
    </dl>
  );
}

function Gauge({ resource, type, column }: { resource: Resource; type: ResourceType; column: Column }) {
  const value = measured(resource, column);
  const look = judge(type, column, value);
  const stale = resource.status === 'stale';
  return (
    <div className="outline-line flex flex-col gap-1 px-3 py-2.5 outline-1">
      <dt className="text-muted text-xs">{column.label}</dt>
      <dd
        title={precise(value, column.format)}
        data-gauge={column.name}
        className={cx(
          'num text-lg font-semibold whitespace-nowrap',
          stale && 'text-muted',
          look === 'warning' && 'text-degraded',
          look === 'critical' && 'text-down',
        )}
      >
        {show(value, column.format)}
        {hasBar(column) && typeof value === 'number' && (
          <Bar percent={column.format === 'ratio' ? value * 100 : value} look={look} className="mt-1 h-1.5" />
        )}
      </dd>
    </div>
  );
}
