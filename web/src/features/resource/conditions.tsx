import { useQuery } from '@tanstack/react-query';
import { CircleAlert, Info, TriangleAlert } from 'lucide-react';
import { resourceNews } from '@/api/queries.ts';
import { PartProblem } from '@/parts/part-problem.tsx';
import { Ago } from '@/parts/times.tsx';
import { cx } from '@/ui/cx.ts';
import { useAlertsOf } from './alerts-of.ts';

interface Look {
  icon: typeof Info;
  colour: string;
  box: string;
  word: string;
}

const note: Look = { icon: Info, colour: 'text-muted', box: 'bg-surface border-line border', word: 'Note' };

const looks: Readonly<Record<string, Look>> = {
  critical: { icon: CircleAlert, colour: 'text-down', box: 'bg-down-soft', word: 'Critical' },
  warning: {
    icon: TriangleAlert,
    colour: 'text-degraded',
    box: 'bg-surface border-line border',
    word: 'Warning',
  },
};

/** What the plugin says is wrong with a resource beside its alerts, the most severe first. Nothing is shown when nothing is. */
export function Conditions({ id }: { id: string }) {
  const query = useQuery(resourceNews(id).resource);
  // What fires as an alert is not said twice.
  const told = new Set(useAlertsOf(id).map((a) => a.message));
  const data = query.data?.conditions?.filter((c) => !told.has(c.message));
  if (query.isError && !query.data)
    return <PartProblem title="What is wrong could not be loaded." query={query} />;
  if (!data?.length) return null;
  return (
    <section aria-label="What is wrong">
      <ul className="flex flex-col gap-2">
        {data.map((c) => {
          const look = looks[c.severity] ?? note;
          return (
            <li
              key={`${c.kind} ${c.instance ?? ''}`}
              className={cx('rounded-md px-3 py-2.5 text-sm', look.box)}
            >
              <div className="flex items-start gap-2">
                <look.icon size={16} aria-hidden className={cx('mt-0.5 shrink-0', look.colour)} />
                <div className="min-w-0 flex-1">
                  <p className="font-medium">
                    <span className="sr-only">{look.word}: </span>
                    {c.label}
                    {c.instance && <span className="text-muted font-normal"> · {c.instance}</span>}
                    <span className="text-muted font-normal">
                      {' '}
                      · <Ago at={c.since} />
                    </span>
                  </p>
                  {c.message && <p className="break-words">{c.message}</p>}
                </div>
              </div>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
