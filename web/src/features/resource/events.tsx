import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { resourceNews } from '@/api/queries.ts';
import { PartProblem } from '@/parts/part-problem.tsx';
import { Ago } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';

const colours: Record<string, string> = {
  critical: 'text-down',
  warning: 'text-degraded',
  info: 'text-muted',
};
const words: Record<string, string> = { critical: 'Critical', warning: 'Warning', info: 'Note' };
const most = 500;

/** What happened to a resource, the newest first. */
export function Events({ id }: { id: string }) {
  const [limit, setLimit] = useState(10);
  const query = useQuery({ ...resourceNews(id).events(limit), placeholderData: (old) => old });
  const { data, isFetching } = query;
  if (query.isError && !data) return <PartProblem title="The events could not be loaded." query={query} />;
  if (!data?.events.length) return null;
  return (
    <section aria-labelledby="events" className="bg-surface border-line min-w-0 rounded-lg border">
      <h2 id="events" className="border-line border-b px-3 py-2 font-semibold">
        Events
      </h2>
      <ul className="text-sm">
        {data.events.map((e) => {
          return (
            <li
              key={e.id}
              className="border-line flex items-baseline gap-2 border-t px-3 py-1.5 first:border-t-0"
            >
              <span
                className={cx('min-w-0 flex-1 break-words', e.severity !== 'info' && colours[e.severity])}
              >
                {e.severity !== 'info' && <span className="sr-only">{words[e.severity]}: </span>}
                {e.text || e.label}
              </span>
              <Ago at={e.time} className="num text-muted shrink-0" />
            </li>
          );
        })}
      </ul>
      {data.next && limit < most && (
        <div className="border-line border-t px-3 py-2">
          <Button small busy={isFetching} onClick={() => setLimit((n) => Math.min(n * 5, most))}>
            Older
          </Button>
        </div>
      )}
    </section>
  );
}
