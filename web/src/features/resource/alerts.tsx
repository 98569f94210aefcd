import { Link } from '@tanstack/react-router';
import { Mark } from '@/parts/mark.tsx';
import { Ago } from '@/parts/times.tsx';
import { useAlertsOf } from './alerts-of.ts';

/** The alerts of a resource that fire now. Id is any that it is known by. */
export function Alerts({ id }: { id: string }) {
  const mine = useAlertsOf(id);
  if (mine.length === 0) return null;
  return (
    <section aria-labelledby="alerts" className="flex flex-col gap-2">
      <h2 id="alerts" className="font-semibold">
        Alerts
      </h2>
      <ul className="bg-surface border-line rounded-lg border">
        {mine.map((a) => (
          <li
            key={a.incidentId ?? a.id}
            className="border-line flex flex-wrap items-center gap-x-3 gap-y-0.5 border-b px-3 py-2 text-sm last:border-b-0"
          >
            <Mark status={a.level === 'critical' ? 'down' : 'degraded'} />
            <span className="text-muted text-xs">{a.level}</span>
            <Link
              to="/alerts/incident"
              search={{ id: a.incidentId ?? '' }}
              className="min-w-0 flex-1 basis-64 hover:underline"
            >
              {a.message}
            </Link>
            {a.acknowledged && <span className="text-muted text-xs">acknowledged by {a.ackUser}</span>}
            <Ago at={a.startTime} className="text-muted text-xs" />
          </li>
        ))}
      </ul>
    </section>
  );
}
