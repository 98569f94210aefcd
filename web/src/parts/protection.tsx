import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ShieldCheck } from 'lucide-react';
import { useMemo, useState } from 'react';
import { protection, type Guest, type Protection as Answer } from '@/api/lists.ts';
import { bytes } from '@/format/number.ts';
import { ago, duration, exactTime, instant } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import type { Status } from '@/live/status.ts';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Empty } from '@/ui/message.tsx';
import { Connect } from './connect.tsx';
import { dayPaths, dayWords, longestGap } from './days.ts';
import { Loaded, OfWhen } from './loaded.tsx';
import { Mark } from './mark.tsx';

/** The states, the worst first, each with its mark and its words. */
const states: { name: string; mark: Status; label: string; hint: string }[] = [
  { name: 'failed', mark: 'down', label: 'Failed', hint: 'The last backup failed.' },
  { name: 'overdue', mark: 'degraded', label: 'Overdue', hint: 'Older than the schedule of its job allows.' },
  {
    name: 'never',
    mark: 'degraded',
    label: 'Never',
    hint: 'There is no backup, although there should be one.',
  },
  {
    name: 'unknown',
    mark: 'unknown',
    label: 'None known',
    hint: 'No backup is known, and no job says that there should be one.',
  },
  { name: 'fine', mark: 'fine', label: 'Fine', hint: 'Backed up.' },
];

const page = 100;

/** What is backed up and what is not: counts, the size of each day, and each guest with its last thirty days. */
export function Protection() {
  const query = useQuery(protection);
  const { state = '', find = '' } = useSearch({ from: '/shell/$family' });
  const navigate = useNavigate({ from: '/$family' });
  const [shown, setShown] = useState(page);
  const set = (next: { state?: string; find?: string }) => {
    setShown(page);
    void navigate({
      search: (s) => Object.fromEntries(Object.entries({ ...s, ...next }).filter(([, v]) => v !== '')),
      replace: true,
    });
  };
  const found = useMemo(() => {
    const text = find.toLowerCase();
    return (query.data?.guests ?? []).filter(
      (g) => (state === '' || g.state === state) && g.name.toLowerCase().includes(text),
    );
  }, [query.data, state, find]);
  const { data } = query;
  if (data === undefined) {
    return (
      <Loaded query={query} failed="The backups could not be loaded.">
        {() => null}
      </Loaded>
    );
  }
  if (data.guests.length === 0) {
    return (
      <Empty
        title="There is nothing to back up"
        icon={<ShieldCheck size={24} aria-hidden strokeWidth={1.5} />}
      >
        <p className="text-muted max-w-prose">
          Virtual machines and containers appear here with their backups as soon as a system that runs them is
          connected.
        </p>
        <Connect />
      </Empty>
    );
  }
  return (
    <section aria-label="What is backed up" className="flex flex-col gap-3">
      <OfWhen query={query} />
      <div role="group" aria-label="Filter by state" className="flex flex-wrap gap-2">
        {states
          .filter((s) => (data.counts[s.name] ?? 0) > 0 || s.name === 'fine' || s.name === state)
          .map((s) => (
            <button
              key={s.name}
              type="button"
              title={s.hint}
              aria-pressed={state === s.name}
              onClick={() => set({ state: state === s.name ? '' : s.name })}
              className={cx(
                'flex h-8 items-center gap-2 rounded-md border px-3 text-sm max-sm:h-11',
                state === s.name ? 'border-accent bg-selected' : 'border-line bg-surface hover:bg-hover',
              )}
            >
              <Mark status={s.mark} />
              <span className="num font-semibold">{data.counts[s.name] ?? 0}</span>
              <span className="text-muted">{s.label}</span>
            </button>
          ))}
        <input
          type="search"
          aria-label="Filter by name"
          placeholder="Name"
          value={find}
          onChange={(e) => set({ find: e.target.value })}
          className="bg-surface border-line-strong h-8 min-w-32 flex-1 rounded-md border px-2.5 max-sm:h-11 sm:max-w-64"
        />
      </div>
      <PerDay data={data} />
      {found.length === 0 ? (
        <Empty title="Nothing passes the filter">
          <p className="text-muted">
            None of {data.guests.length} guests is {stateWords(state, find)}.
          </p>
          <Button onClick={() => set({ state: '', find: '' })}>Clear the filter</Button>
        </Empty>
      ) : (
        <>
          <ul className="bg-surface border-line rounded-lg border" aria-label="Guests">
            {found.slice(0, shown).map((g) => (
              <Row key={g.id} guest={g} />
            ))}
          </ul>
          {shown < found.length && (
            <div>
              <Button onClick={() => setShown(shown + page)}>
                Show {Math.min(page, found.length - shown)} more of {found.length}
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}

/** What a filter asks for, in words. */
function stateWords(state: string, find: string): string {
  const label = states.find((s) => s.name === state)?.label.toLowerCase();
  return [label && `“${label}”`, find && `called “${find}”`].filter(Boolean).join(' and ');
}

/** The size of all backups of each day as bars. */
function PerDay({ data }: { data: Answer }) {
  const most = Math.max(1, ...data.perDay.map((d) => d.bytes));
  const total = data.perDay.reduce((n, d) => n + d.count, 0);
  const first = Date.parse(data.first);
  return (
    <figure className="bg-surface border-line rounded-lg border p-3">
      <figcaption className="text-muted mb-2 text-xs">
        {total} backups of the last {data.days} days by their size; at most {bytes(most)} in a day.
      </figcaption>
      <div className="flex h-16 items-end gap-px" aria-hidden>
        {data.perDay.map((d, i) => (
          <span
            key={i}
            title={`${new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' }).format(first + i * 86_400_000)}: ${d.count} backups, ${bytes(d.bytes)}`}
            className="bg-hover flex h-full flex-1 items-end"
          >
            <span
              className="bg-accent w-full"
              style={{ height: `${d.count === 0 ? 0 : Math.max(4, (d.bytes / most) * 100)}%` }}
            />
          </span>
        ))}
      </div>
    </figure>
  );
}

function Row({ guest: g }: { guest: Guest }) {
  const now = useNow();
  const state = states.find((s) => s.name === g.state);
  const last = instant(g.last);
  const gap = longestGap(g.days);
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2 text-sm last:border-b-0">
      <span className="flex w-28 items-center gap-2" title={state?.hint}>
        <Mark status={state?.mark ?? 'unknown'} />
        <span className="text-muted text-xs">{state?.label ?? g.state}</span>
      </span>
      <Link
        to="/r/$id"
        params={{ id: g.id }}
        className="min-w-0 flex-1 basis-40 truncate font-medium hover:underline max-sm:basis-1/2"
      >
        {g.name}
      </Link>
      <span
        className="num w-28 text-right max-sm:w-auto"
        title={last === undefined ? undefined : exactTime(last)}
      >
        {last === undefined ? <span className="text-muted">–</span> : ago(last, now)}
      </span>
      <span
        title={g.count === 0 ? undefined : `${bytes(g.bytes)} in all`}
        className="num text-muted w-24 text-right text-xs"
      >
        {g.count === 0 ? '' : `${g.count} × ${bytes(g.bytes / g.count)}`}
      </span>
      <Days days={g.days} gap={gap} />
      {(g.overdueSeconds ?? 0) > 0 && (
        <span className="text-degraded basis-full text-xs">Late by {duration(g.overdueSeconds)}.</span>
      )}
      {(g.reasons ?? []).map((text) => (
        <span key={text} className="text-degraded basis-full text-xs break-words">
          {text}
        </span>
      ))}
    </li>
  );
}

/** Thirty days as a strip: a mark for a backup, a full one when it is verified, a foot when it is protected. */
function Days({ days, gap }: { days: number[]; gap: number }) {
  const paths = useMemo(() => dayPaths(days), [days]);
  const words = dayWords(days) + (gap > 1 ? `, longest gap ${gap} days` : '');
  return (
    <svg
      role="img"
      aria-label={words}
      viewBox={`0 0 ${days.length} 1`}
      preserveAspectRatio="none"
      className="bg-hover h-4 w-60 shrink-0 rounded-sm max-sm:w-full"
    >
      <title>{words}</title>
      <path d={paths.made} className="fill-accent opacity-50" />
      <path d={paths.verified} className="fill-accent" />
      <path d={paths.guarded} className="fill-text" />
    </svg>
  );
}
