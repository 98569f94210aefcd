import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ArrowDownWideNarrow, CircleCheck } from 'lucide-react';
import { Fragment, useMemo } from 'react';
import { findings } from '@/api/queries.ts';
import type { ResourceType } from '@/catalog/catalog.ts';
import { byFamily, familyLabel } from '@/catalog/families.ts';
import { useLive } from '@/live/hooks.ts';
import type { Alert } from '@/live/resource.ts';
import type { Status } from '@/live/status.ts';
import { NoMachine } from '@/parts/add-host.tsx';
import { Mark } from '@/parts/mark.tsx';
import { Page } from '@/parts/page.tsx';
import { PartProblem } from '@/parts/part-problem.tsx';
import { StatusFilter } from '@/parts/status-filter.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Whose } from '@/parts/whose.tsx';
import { columnsOf } from '@/table/columns.ts';
import { ResourceTable } from '@/table/resource-table.tsx';
import { countStatuses, usePresent, useSelection } from '@/table/select.ts';
import { asButton, Button } from '@/ui/button.tsx';
import { Empty, Skeleton } from '@/ui/message.tsx';
import { Findings } from '@/parts/findings.tsx';
import { Ago } from '@/parts/times.tsx';
import { FirstSteps } from './first-steps.tsx';
import { Lately } from './lately.tsx';

/** The glance: is everything well, what is not, and since when. */
export function Overview() {
  const loaded = useLive((l) => l.loaded);
  const any = useLive((l) => l.ids.length > 0);
  return (
    <Page
      title="Overview"
      actions={
        any && (
          <Link to="/busiest" className={asButton}>
            <ArrowDownWideNarrow size={16} aria-hidden /> Busiest
          </Link>
        )
      }
    >
      {!loaded ? (
        <>
          <Skeleton className="h-11 w-72" />
          <TableSkeleton />
        </>
      ) : any ? (
        <Everything />
      ) : (
        <NoMachine />
      )}
    </Page>
  );
}

const urgentFirst = { column: 'status', descending: false };

function Everything() {
  const { status = '' } = useSearch({ from: '/shell/' });
  const navigate = useNavigate({ from: '/' });
  const byId = useLive((l) => l.byId);
  const types = usePresent(useLive((l) => l.catalog.types));
  const alerts = useLive((l) => l.alerts);
  const counts = useMemo(() => countStatuses(byId.values()), [byId]);
  const families = useMemo(() => byFamily(types), [types]);
  const choose = (s: Status | '') => void navigate({ search: s ? { status: s } : {}, replace: true });
  const asked = useQuery(findings);
  const judged = asked.data;
  // What fires as an alert is not said twice.
  const told = useMemo(() => new Set(alerts.map((a) => a.message)), [alerts]);
  const rest = (judged ?? []).filter((f) => !told.has(f.message));
  const wrong = counts.down + counts.degraded + counts.stale + counts.unknown;
  return (
    <>
      <div className="flex flex-wrap items-center gap-x-5 gap-y-2">
        <StatusFilter large counts={counts} chosen={status} onChoose={choose} />
        {wrong === 0 && alerts.length === 0 && judged?.length === 0 && (
          <p className="text-muted flex items-center gap-2">
            <CircleCheck size={16} aria-hidden strokeWidth={1.75} /> Everything is well.
          </p>
        )}
      </div>
      <FirstSteps />
      {alerts.length > 0 && <Alerts alerts={alerts} />}
      <PartProblem title="What plugins find wrong could not be loaded." query={asked} />
      {rest.length > 0 && <Findings findings={rest} />}
      {families.map(([family, members], i) => (
        <Fragment key={family}>
          <Family family={family} types={members} status={status} />
          {i === 0 && status === '' && <Lately />}
        </Fragment>
      ))}
      {status !== '' && counts[status as Status] === 0 && (
        <Empty title={`Nothing is ${status}`}>
          <Button onClick={() => choose('')}>Show everything</Button>
        </Empty>
      )}
    </>
  );
}

function Family({
  family,
  types,
  status,
}: {
  family: string;
  types: readonly ResourceType[];
  status: string;
}) {
  const selection = useSelection(types, status && `status:${status}`, urgentFirst);
  const columns = useMemo(() => columnsOf(types), [types]);
  if (selection.ids.length === 0) return null;
  const title = familyLabel(family);
  return (
    <section className="flex flex-col gap-2">
      <h2 className="flex items-baseline gap-2 font-semibold">
        <Link
          to="/$family"
          params={{ family }}
          search={status ? { q: `status:${status}` } : {}}
          className="hover:underline"
        >
          {title}
        </Link>
        <span className="num text-muted text-sm font-normal">{selection.ids.length}</span>
      </h2>
      <ResourceTable label={title} ids={selection.ids} columns={columns} sort={urgentFirst} compact />
    </section>
  );
}

/** How many alerts are shown here; the others are on their own page. */
const first = 8;

/** Puts the critical before the others, and of the same level the newest first. */
function urgent(a: Alert, b: Alert): number {
  return Number(b.level === 'critical') - Number(a.level === 'critical') || (b.start ?? 0) - (a.start ?? 0);
}

function Alerts({ alerts }: { alerts: readonly Alert[] }) {
  const shown = useMemo(() => [...alerts].sort(urgent).slice(0, first), [alerts]);
  return (
    <section aria-labelledby="firing" className="flex flex-col gap-2">
      <h2 id="firing" className="font-semibold">
        <Link to="/alerts" className="hover:underline">
          Firing alerts
        </Link>{' '}
        <span className="num text-muted text-sm font-normal">{alerts.length}</span>
      </h2>
      <ul className="bg-surface border-line rounded-lg border">
        {shown.map((a) => (
          <li
            key={a.id}
            className="border-line flex flex-wrap items-center gap-x-3 gap-y-0.5 border-b px-3 py-2 text-sm last:border-b-0"
          >
            <Mark status={a.level === 'critical' ? 'down' : 'degraded'} />
            <span className="text-muted w-16 text-xs">{a.level}</span>
            <Link
              to="/r/$id"
              params={{ id: a.resourceId }}
              className="font-medium wrap-anywhere hover:underline"
            >
              {a.resourceName}
            </Link>
            <Whose id={a.resourceId} />
            <span className="min-w-0 flex-1 basis-64 wrap-anywhere">{a.message}</span>
            {a.start !== undefined && <Ago at={a.start} className="text-muted" />}
          </li>
        ))}
      </ul>
      {alerts.length > first && (
        <p className="text-sm">
          <Link to="/alerts" className="text-accent underline">
            Show all {alerts.length}
          </Link>
        </p>
      )}
    </section>
  );
}
