import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { resourceNews } from '@/api/queries.ts';
import { ago, exactTime } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { PartProblem } from '@/parts/part-problem.tsx';
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
  const now = useNow();
  if (query.isError && !data) return <PartProblem title="The events could not be loaded." query={query} />;
  if (!data?.events.length) return null;
  return (
    <section aria-labelledby="events" className="bg-surface border-line min-w-0 rounded-lg border">
      <h2 id="events" className="border-line border-b px-3 py-2 font-semibold">
        Events
      </h2>
      <ul className="text-sm">
        {data.events.map((e) => {
          const time = Date.parse(e.time);
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
              <time className="num text-muted shrink-0" dateTime={e.time} title={exactTime(time)}>
                {ago(time, now)}
              </time>
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
