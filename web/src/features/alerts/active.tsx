import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck } from 'lucide-react';
import { useEffect, useState } from 'react';
import { act, acknowledgeAll, activeAlerts, clearAll, type Alert } from '@/api/alerts.ts';
import { instant } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { useLive } from '@/live/hooks.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { Mark } from '@/parts/mark.tsx';
import { useMay } from '@/parts/may.ts';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago, Moment } from '@/parts/times.tsx';
import { Whose } from '@/parts/whose.tsx';
import { asButton, asSmallButton, Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/message.tsx';

/** What fires now, the most severe first, and what can be done about it. */
export function Active() {
  const client = useQueryClient();
  const list = useQuery(activeAlerts);
  const live = useLive((l) => l.alerts);
  useEffect(() => {
    void client.invalidateQueries({ queryKey: activeAlerts.queryKey });
  }, [client, live]);
  return (
    <Loaded query={list} failed="The alerts could not be loaded." skeleton={<TableSkeleton rows={4} />}>
      {(all) =>
        all.length === 0 ? (
          <Empty title="Nothing fires" icon={<CircleCheck size={24} aria-hidden strokeWidth={1.5} />}>
            <p className="text-muted">Everything is within its limits.</p>
            <Link to="/alerts/rules" className={asButton}>
              See the rules
            </Link>
          </Empty>
        ) : (
          <List alerts={all.toSorted(urgentFirst)} />
        )
      }
    </Loaded>
  );
}

function urgentFirst(a: Alert, b: Alert): number {
  const rank = (x: Alert) => (x.acknowledged ? 2 : 0) + (x.level === 'critical' ? 0 : 1);
  return rank(a) - rank(b) || b.startTime.localeCompare(a.startTime);
}

/** How many alerts come at a time: a storm of hundreds would be a page that no browser likes. */
const page = 50;

function List({ alerts }: { alerts: Alert[] }) {
  const client = useQueryClient();
  const works = useMay()('write:alerts');
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const [shown, setShown] = useState(page);
  const ids = alerts.map((a) => a.id).filter((id) => chosen.has(id));
  const change = useMutation({
    mutationFn: (work: () => Promise<void>) => work(),
    onSuccess: async () => {
      setChosen(new Set());
      await client.invalidateQueries({ queryKey: ['alerts'] });
    },
  });
  const toggle = (id: string) =>
    setChosen((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  return (
    <div className="flex flex-col gap-3">
      {works && (
        <div className="flex min-h-9 flex-wrap items-center gap-2">
          <Button
            small
            aria-pressed={ids.length === alerts.length}
            onClick={() =>
              setChosen(ids.length === alerts.length ? new Set() : new Set(alerts.map((a) => a.id)))
            }
          >
            Select all
          </Button>
          {ids.length > 0 && (
            <>
              <span className="num text-muted text-sm" role="status">
                {ids.length} selected
              </span>
              <Button small busy={change.isPending} onClick={() => change.mutate(() => acknowledgeAll(ids))}>
                Acknowledge
              </Button>
              <Button small busy={change.isPending} onClick={() => change.mutate(() => clearAll(ids))}>
                Clear
              </Button>
            </>
          )}
        </div>
      )}
      {change.isError && <ApiProblem title="It was not done." error={change.error} />}
      <ul className="bg-surface border-line rounded-lg border" aria-label="Active alerts">
        {alerts.slice(0, shown).map((a) => (
          <Row
            key={a.incidentId ?? a.id}
            alert={a}
            works={works}
            chosen={chosen.has(a.id)}
            onChoose={() => toggle(a.id)}
            busy={change.isPending}
            run={(work) => change.mutate(work)}
          />
        ))}
      </ul>
      {alerts.length > shown && (
        <div>
          <Button onClick={() => setShown(shown + page)}>
            Show {Math.min(page, alerts.length - shown)} more of {alerts.length}
          </Button>
        </div>
      )}
    </div>
  );
}

const hour = 60;

function Row({
  alert: a,
  works,
  chosen,
  onChoose,
  busy,
  run,
}: {
  alert: Alert;
  /** Whether who looks may do something about it. */
  works: boolean;
  chosen: boolean;
  onChoose: () => void;
  busy: boolean;
  run: (work: () => Promise<void>) => void;
}) {
  const now = useNow();
  const until = instant(a.snoozedUntil);
  const snoozed = until !== undefined && until > now;
  return (
    <li className="border-line flex flex-wrap items-center gap-x-3 gap-y-2 border-b px-3 py-2.5 last:border-b-0">
      {works && (
        <input
          type="checkbox"
          className="accent-accent size-4"
          aria-label={`Select ${a.resourceName}: ${a.type}`}
          checked={chosen}
          onChange={onChoose}
        />
      )}
      <div className="min-w-0 flex-1 basis-72">
        <p className="flex flex-wrap items-center gap-x-2">
          <Mark status={a.level === 'critical' ? 'down' : 'degraded'} />
          <span className="text-muted text-xs">{a.level}</span>
          <Link
            to="/r/$id"
            params={{ id: a.resourceUid ?? a.resourceId }}
            className="font-medium wrap-anywhere hover:underline"
          >
            {a.resourceName}
          </Link>
          <Whose id={a.resourceId} />
          {a.node !== '' && a.node !== a.resourceName && (
            <span className="text-muted text-xs">on {a.node}</span>
          )}
        </p>
        <p className="wrap-anywhere">{a.message}</p>
        <p className="text-muted flex flex-wrap gap-x-3 text-xs">
          <Ago at={a.startTime} />
          {a.acknowledged && <span>acknowledged by {a.ackUser}</span>}
          {snoozed && (
            <span>
              snoozed until <Moment at={until} />
            </span>
          )}
          {a.flapping && <span>comes and goes</span>}
          {a.quiet && <span>nobody is told: {a.quiet}</span>}
        </p>
      </div>
      <div className="flex flex-wrap gap-1.5">
        {works && <Works alert={a} snoozed={snoozed} busy={busy} run={run} />}
        {a.incidentId && (
          <Link to="/alerts/incident" search={{ id: a.incidentId }} className={asSmallButton}>
            Details
          </Link>
        )}
      </div>
    </li>
  );
}

/** What can be done about an alert. */
function Works({
  alert: a,
  snoozed,
  busy,
  run,
}: {
  alert: Alert;
  snoozed: boolean;
  busy: boolean;
  run: (work: () => Promise<void>) => void;
}) {
  return (
    <>
      {a.acknowledged ? (
        <Button small disabled={busy} onClick={() => run(() => act.unacknowledge(a.id))}>
          Take back
        </Button>
      ) : (
        <Button small disabled={busy} onClick={() => run(() => act.acknowledge(a.id))}>
          Acknowledge
        </Button>
      )}
      <Button small disabled={busy} onClick={() => run(() => act.snooze(a.id, snoozed ? 0 : hour))}>
        {snoozed ? 'Wake' : 'Snooze 1 h'}
      </Button>
      <Button small disabled={busy} onClick={() => run(() => act.clear(a.id))}>
        Clear
      </Button>
    </>
  );
}
