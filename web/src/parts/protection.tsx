import { useQuery } from '@tanstack/react-query';
import { Link, useNavigate, useSearch } from '@tanstack/react-router';
import { ShieldCheck } from 'lucide-react';
import { useMemo, useState, type ComponentProps } from 'react';
import { protection, type Guest } from '@/api/lists.ts';
import { natural } from '@/format/natural.ts';
import { bytes, number } from '@/format/number.ts';
import { duration, instant } from '@/format/time.ts';
import { useLive } from '@/live/hooks.ts';
import { fullName } from '@/live/namesakes.ts';
import type { Status } from '@/live/status.ts';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Empty } from '@/ui/message.tsx';
import { dayLabel, dayName, Days, Legend, PerDay } from './backup-days.tsx';
import { Connect } from './connect.tsx';
import { guarded, missedDays, verified } from './days.ts';
import { Loaded, OfWhen } from './loaded.tsx';
import { Mark } from './mark.tsx';
import { Ago } from './times.tsx';
import { Whose } from './whose.tsx';

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
  const search = useSearch({ from: '/shell/$family' });
  const { state = '', find = '', has = '', day = '' } = search;
  const navigate = useNavigate({ from: '/$family' });
  const [shown, setShown] = useState(page);
  // The guest and the day that keys are on; the newest day at first.
  const [cursor, setCursor] = useState<{ id: string; day?: number }>({ id: '' });
  const set = (next: Filter) => {
    setShown(page);
    void navigate({
      search: (s) => Object.fromEntries(Object.entries({ ...s, ...next }).filter(([, v]) => v !== '')),
      replace: true,
    });
  };
  const found = useMemo(
    () =>
      query.data?.guests.filter((g) => passes(g, { state, find, has, day }, query.data.first)).sort(byNeed) ??
      [],
    [query.data, state, find, has, day],
  );
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
  const listed = found.slice(0, shown);
  const stop = listed.find((g) => g.id === cursor.id) ?? listed[0];
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
              <span className="num font-semibold">{number(data.counts[s.name] ?? 0)}</span>
              <span className="text-muted">{s.label}</span>
            </button>
          ))}
        <input
          type="search"
          data-filter
          aria-label="Filter by name"
          placeholder="Name"
          value={find}
          onChange={(e) => set({ find: e.target.value })}
          className="bg-surface border-line-strong h-8 min-w-32 flex-1 rounded-md border px-2.5 max-sm:h-11 sm:max-w-64"
        />
        <Choice label="Guests" value={has} onChange={(v) => set({ has: v })} options={wants} />
        <Choice
          label="Missed on"
          value={day}
          onChange={(v) => set({ day: v })}
          options={[
            ['', 'any day'],
            ...data.perDay
              .map((_, i) => [dayName(data.first, i), dayLabel(data.first, i)] as const)
              .reverse(),
          ]}
        />
      </div>
      {found.length === 0 ? (
        <Empty title="Nothing passes the filter">
          <p className="text-muted">
            None of {number(data.guests.length)} guests is {filterWords({ state, find, has, day })}.
          </p>
          <Button onClick={() => set({ state: '', find: '', has: '', day: '' })}>Clear the filter</Button>
        </Empty>
      ) : (
        <>
          <div className="bg-surface border-line rounded-lg border">
            <div className={cx('border-line items-end border-b px-3 py-2', columns)}>
              <div className="col-span-4 flex flex-col gap-2 self-start">
                <p className="text-muted text-xs">
                  {number(data.perDay.reduce((n, d) => n + d.count, 0))} backups of the last {data.days} days,
                  the bars by their size; at most {bytes(Math.max(...data.perDay.map((d) => d.bytes)))} in a
                  day.
                </p>
                <Legend />
              </div>
              <PerDay data={data} chosen={day} onDay={(name) => set({ day: name })} />
            </div>
            <ul aria-label="Guests">
              {listed.map((g) => (
                <Row
                  key={g.id}
                  guest={g}
                  first={data.first}
                  day={cursor.day ?? data.days - 1}
                  here={g.id === cursor.id}
                  stop={g === stop}
                  onDay={(to) => setCursor({ id: g.id, day: to })}
                />
              ))}
            </ul>
          </div>
          {shown < found.length && (
            <div>
              <Button onClick={() => setShown(shown + page)}>
                Show {Math.min(page, found.length - shown)} more of {number(found.length)}
              </Button>
            </div>
          )}
        </>
      )}
    </section>
  );
}

/** What the page is limited to: a state, a part of a name, what backups have, and a day on which one was missed. */
interface Filter {
  state?: string;
  find?: string;
  has?: string;
  day?: string;
}

/** Which guests to show by what their days say, and what they are then. */
const wants = [
  ['', 'all'],
  ['gaps', 'with missed days'],
  ['unverified', 'with none verified'],
  ['unprotected', 'with none protected'],
] as const;

/** The worst state first, and of one state in the order of names. */
function byNeed(a: Guest, b: Guest): number {
  const rank = (g: Guest) => states.findIndex((s) => s.name === g.state);
  return rank(a) - rank(b) || natural(a.name, b.name);
}

function passes(g: Guest, { state, find = '', has, day }: Filter, first: string): boolean {
  const flagged = (flag: number) => g.days.some((d) => (d & flag) !== 0);
  return (
    (!state || g.state === state) &&
    g.name.toLowerCase().includes(find.toLowerCase()) &&
    (has !== 'gaps' || missedDays(g.days).length > 0) &&
    (has !== 'unverified' || !flagged(verified)) &&
    (has !== 'unprotected' || !flagged(guarded)) &&
    (!day || missedDays(g.days).some((i) => dayName(first, i) === day))
  );
}

/** What a filter asks for, in words. */
function filterWords({ state, find, has, day }: Filter): string {
  const label = states.find((s) => s.name === state)?.label.toLowerCase();
  return [
    label && `“${label}”`,
    find && `called “${find}”`,
    has && wants.find(([name]) => name === has)?.[1],
    day && `without the backup of ${day}`,
  ]
    .filter(Boolean)
    .join(' and ');
}

/** A choice in the line of filters. */
function Choice({
  label,
  value,
  options,
  onChange,
}: {
  label: string;
  value: string;
  options: readonly (readonly [value: string, text: string])[];
  onChange: (value: string) => void;
}) {
  return (
    <label className="text-muted flex items-center gap-2 text-sm">
      {label}
      <select
        value={value}
        onChange={(e) => onChange(e.target.value)}
        className="bg-surface border-line text-text h-8 rounded-md border px-2 max-sm:h-11"
      >
        {options.map(([name, text]) => (
          <option key={name} value={name}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

/** State, name, last backup, size, days: one under the other on a phone. */
const columns =
  'flex flex-wrap items-center gap-x-4 gap-y-1 sm:grid sm:grid-cols-[6.5rem_minmax(6rem,1fr)_6.5rem_6.5rem_minmax(12rem,34rem)]';

function Row({
  guest: g,
  first,
  ...strip
}: { guest: Guest; first: string } & Pick<ComponentProps<typeof Days>, 'day' | 'here' | 'stop' | 'onDay'>) {
  const state = states.find((s) => s.name === g.state);
  const name = useLive((l) => (l.byId.has(g.stateId) ? fullName(l.byId, g.stateId) : g.name));
  const last = instant(g.last);
  return (
    <li className={cx('border-line border-b px-3 py-2 text-sm last:border-b-0', columns)}>
      <span className="flex items-center gap-2 max-sm:flex-1" title={state?.hint}>
        <Mark status={state?.mark ?? 'unknown'} />
        <span className="text-muted text-xs">{state?.label ?? g.state}</span>
      </span>
      <Link
        to="/r/$id"
        params={{ id: g.stateId }}
        className="flex min-w-0 items-baseline gap-2 font-medium hover:underline max-sm:order-first max-sm:basis-full max-sm:py-1.5"
      >
        <span className="truncate" title={g.name}>
          {g.name}
        </span>
        <Whose id={g.stateId} className="max-w-1/2 shrink-0 truncate" />
      </Link>
      <span className={cx('num text-right', last === undefined && 'text-muted')}>
        <Ago at={last} />
      </span>
      <span
        title={g.count === 0 ? undefined : `${bytes(g.bytes)} in all`}
        className="num text-muted text-right text-xs"
      >
        {g.count === 0 ? '' : `${g.count} × ${bytes(g.bytes / g.count)}`}
      </span>
      <span className="max-sm:basis-full">
        <Days name={name} days={g.days} first={first} {...strip} />
      </span>
      {(g.overdueSeconds ?? 0) > 0 && (
        <span className="text-degraded col-span-full text-xs max-sm:basis-full">
          Late by {duration(g.overdueSeconds)}.
        </span>
      )}
      {(g.reasons ?? []).map((text) => (
        <span key={text} className="text-degraded col-span-full text-xs max-sm:basis-full break-words">
          {text}
        </span>
      ))}
    </li>
  );
}
