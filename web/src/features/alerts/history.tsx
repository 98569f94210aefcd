import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { History as Clock } from 'lucide-react';
import { useMemo, useState } from 'react';
import { alertHistory, type Alert } from '@/api/alerts.ts';
import { duration, instant } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { Loaded } from '@/parts/loaded.tsx';
import { Mark } from '@/parts/mark.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago } from '@/parts/times.tsx';
import { Whose } from '@/parts/whose.tsx';
import { Button } from '@/ui/button.tsx';
import { Empty, Skeleton } from '@/ui/message.tsx';
import { byHour, days } from './heat.ts';

const page = 50;

/** What has fired, by hour and as a list. */
export function History() {
  const { severity = '' } = useSearch({ from: '/shell/alerts/history' });
  const navigate = useNavigate({ from: '/alerts/history' });
  const setSeverity = (to: string) => void navigate({ search: to ? { severity: to } : {}, replace: true });
  const [shown, setShown] = useState(page);
  // Everything of the last weeks for the map; the list grows by pages within it.
  const list = useQuery(alertHistory(5000, severity, useMonthAgo()));
  const now = useNow();
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap gap-1.5" role="group" aria-label="Severity">
        {[
          ['', 'All'],
          ['critical', 'Critical'],
          ['warning', 'Warnings'],
        ].map(([value = '', label]) => (
          <Button key={value} small aria-pressed={severity === value} onClick={() => setSeverity(value)}>
            {label}
          </Button>
        ))}
      </div>
      <Loaded query={list} failed="The history could not be loaded." skeleton={<Shape />}>
        {(all) => (
          <>
            <HeatMap alerts={all} now={now} />
            {all.length === 0 ? (
              <Empty
                title={`Nothing ${severity && `${severity} `}has fired in four weeks`}
                icon={<Clock size={24} aria-hidden strokeWidth={1.5} />}
              >
                {severity && <Button onClick={() => setSeverity('')}>Show all severities</Button>}
              </Empty>
            ) : (
              <>
                <ul className="bg-surface border-line rounded-lg border" aria-label="History">
                  {all.slice(0, shown).map((a) => (
                    <Row key={a.incidentId ?? a.id + a.startTime} alert={a} />
                  ))}
                </ul>
                {shown < all.length && (
                  <div>
                    <Button onClick={() => setShown(shown + page)}>
                      Show {Math.min(page, all.length - shown)} more of {all.length}
                    </Button>
                  </div>
                )}
              </>
            )}
          </>
        )}
      </Loaded>
    </div>
  );
}

/** The shape of the map and of the list. */
function Shape() {
  return (
    <>
      <Skeleton className="h-88 w-full" />
      <TableSkeleton rows={6} />
    </>
  );
}

/** Four weeks ago, the same for an hour so that what was loaded is used again. */
function useMonthAgo(): string {
  const now = useNow();
  const hour = Math.floor(now / 3_600_000);
  return useMemo(() => new Date((hour - days * 24) * 3_600_000).toISOString(), [hour]);
}

function Row({ alert: a }: { alert: Alert }) {
  const start = Date.parse(a.startTime);
  const end = instant(a.resolvedTime);
  return (
    <li className="border-line flex flex-wrap items-center gap-x-3 gap-y-0.5 border-b px-3 py-2 text-sm last:border-b-0">
      <Mark status={a.level === 'critical' ? 'down' : 'degraded'} />
      <span className="text-muted w-14 text-xs">{a.level}</span>
      <Link
        to="/alerts/incident"
        search={{ id: a.incidentId ?? '' }}
        className="font-medium wrap-anywhere hover:underline max-sm:basis-1/2"
      >
        {a.resourceName}
      </Link>
      <Whose id={a.resourceId} />
      <span className="min-w-0 flex-1 basis-64 break-words">{a.message}</span>
      <span className="text-muted text-xs">
        {end === undefined ? 'still fires' : `lasted ${duration((end - start) / 1000)}`}
      </span>
      <Ago at={a.startTime} className="text-muted w-24 text-right text-xs" />
    </li>
  );
}

const shades = ['', 'opacity-30', 'opacity-55', 'opacity-80', 'opacity-100'];

/** How many alerts began in each hour of the last four weeks: a row for each day. */
function HeatMap({ alerts, now }: { alerts: Alert[]; now: number }) {
  const rows = useMemo(() => byHour(alerts, now), [alerts, now]);
  const most = Math.max(1, ...rows.flatMap((r) => r.hours));
  return (
    <figure className="bg-surface border-line overflow-x-auto rounded-lg border p-3">
      <figcaption className="text-muted mb-2 text-xs">
        Alerts that began, by hour of the last four weeks; at most {most} in an hour.
      </figcaption>
      <div className="flex flex-col gap-px" aria-hidden>
        <div className="num text-muted flex gap-px text-xs">
          <span className="w-16 shrink-0" />
          {[0, 6, 12, 18].map((h) => (
            <span key={h} className="flex-1">
              {h}:00
            </span>
          ))}
        </div>
        {rows.map((r, i) => (
          <div key={r.day} className="flex items-center gap-px">
            <span className="num text-muted h-2.5 w-16 shrink-0 text-xs leading-2.5" data-volatile>
              {i % 4 === 0 && r.label}
            </span>
            {r.hours.map((n, hour) => (
              <span
                key={hour}
                title={`${r.label}, ${hour}:00: ${n}`}
                className="bg-hover relative h-2.5 min-w-2 flex-1"
              >
                {n > 0 && (
                  <span
                    className={`bg-degraded-mark absolute inset-0 ${shades[Math.ceil((n / most) * 4)] ?? ''}`}
                  />
                )}
              </span>
            ))}
          </div>
        ))}
      </div>
    </figure>
  );
}
