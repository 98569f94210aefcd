import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { lately } from '@/api/queries.ts';
import { useLive } from '@/live/hooks.ts';
import { namesakes } from '@/live/namesakes.ts';
import { PartProblem } from '@/parts/part-problem.tsx';
import { Ago } from '@/parts/times.tsx';
import { Whose } from '@/parts/whose.tsx';
import { cx } from '@/ui/cx.ts';
import { gather, tell } from './gather.ts';

/** A glance has room for so much. */
const most = 6;

const colours: Record<string, string> = { critical: 'text-down', warning: 'text-degraded' };
const words: Record<string, string> = { critical: 'Critical: ', warning: 'Warning: ' };

/** What changed lately, the newest first. */
export function Lately() {
  const query = useQuery(lately);
  const whose = useLive((l) => namesakes(l.byId).whose);
  const episodes = useMemo(() => gather(query.data ?? []).slice(0, most), [query.data]);
  if (query.isError && !query.data)
    return <PartProblem title="What changed could not be loaded." query={query} />;
  if (episodes.length === 0) return null;
  return (
    <section aria-labelledby="lately" className="flex flex-col gap-2">
      <h2 id="lately" className="font-semibold">
        What changed lately
      </h2>
      <ul className="bg-surface border-line rounded-lg border">
        {episodes.map((episode) => {
          const { newest, count } = episode;
          return (
            <li
              key={newest.id}
              className="border-line flex items-baseline gap-3 border-b px-3 py-1.5 text-sm last:border-b-0"
            >
              <span className={cx('min-w-0 flex-1 wrap-anywhere', colours[newest.severity])}>
                <span className="sr-only">{words[newest.severity]}</span>
                {count === 1 && newest.stateId ? (
                  <Link to="/r/$id" params={{ id: newest.stateId }} className="wrap-anywhere hover:underline">
                    {tell(episode)}
                  </Link>
                ) : (
                  tell(episode, whose)
                )}
                {count === 1 && newest.stateId && <Whose id={newest.stateId} className="ml-2" />}
              </span>
              <Ago at={newest.time} className="num text-muted shrink-0" />
            </li>
          );
        })}
      </ul>
    </section>
  );
}
