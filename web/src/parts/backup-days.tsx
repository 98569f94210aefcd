import { useMemo, type MouseEvent, type ReactNode } from 'react';
import type { Protection } from '@/api/lists.ts';
import { bytes } from '@/format/number.ts';
import { cx } from '@/ui/cx.ts';
import { dayLength, dayPaths, dayWords, oneDay } from './days.ts';

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' });
const short = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

/** The name of a day in a URL: 2026-06-30. */
export function dayName(first: string, i: number): string {
  return new Date(Date.parse(first) + i * dayLength).toISOString().slice(0, 10);
}

/** A day as people write it. */
export function dayLabel(first: string, i: number): string {
  return dates.format(Date.parse(first) + i * dayLength);
}

/** The day under the pointer. */
function dayAt(e: MouseEvent, days: number): number {
  const { left, width } = e.currentTarget.getBoundingClientRect();
  return Math.min(days - 1, Math.max(0, Math.floor(((e.clientX - left) / width) * days)));
}

/** By how many days a key goes on. */
const steps: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1, PageUp: -7, PageDown: 7 };

/** The day to which a key leads from another; undefined when it leads to none. */
function dayAfter(key: string, day: number, days: number): number | undefined {
  const by = steps[key];
  if (by !== undefined) return Math.min(days - 1, Math.max(0, day + by));
  return { Home: 0, End: days - 1 }[key];
}

/** Goes to the strip of the guest before or after, and says whether there is one. */
function toNeighbour(from: Element, key: string): boolean {
  const row = from.closest('li');
  const next = { ArrowUp: row?.previousElementSibling, ArrowDown: row?.nextElementSibling }[key];
  const strip = next?.querySelector<HTMLElement>('[role=slider]');
  strip?.focus();
  return strip !== null && strip !== undefined;
}

/**
 * The days of a guest as a strip: half colour for a backup, full when it is verified, a foot when it is protected. A day is
 * told under the pointer, by a tap and by keys: left and right lead to other days, up and down to the same of other guests.
 */
export function Days({
  name,
  days,
  first,
  day,
  here,
  stop,
  onDay,
}: {
  name: string;
  days: number[];
  first: string;
  /** The day that is told. */
  day: number;
  /** Whether it is told in this strip. */
  here: boolean;
  /** Whether Tab stops here; of all strips it does at one. */
  stop: boolean;
  onDay: (day: number) => void;
}) {
  const paths = useMemo(() => dayPaths(days), [days]);
  const told = (i: number) => `${dayLabel(first, i)}: ${oneDay(days, i)}`;
  return (
    <span
      role="slider"
      tabIndex={stop ? 0 : -1}
      aria-label={`${name}, ${dayWords(days)}`}
      aria-valuemin={1}
      aria-valuemax={days.length}
      aria-valuenow={day + 1}
      aria-valuetext={told(day)}
      className="group relative block cursor-pointer rounded-sm"
      onFocus={() => onDay(day)}
      onClick={(e) => {
        e.currentTarget.focus();
        onDay(dayAt(e, days.length));
      }}
      onPointerMove={(e) => e.currentTarget.setAttribute('title', told(dayAt(e, days.length)))}
      onKeyDown={(e) => {
        const to = dayAfter(e.key, day, days.length);
        if (to !== undefined) onDay(to);
        else if (!toNeighbour(e.currentTarget, e.key)) return;
        e.preventDefault();
      }}
    >
      <svg
        aria-hidden
        viewBox={`0 0 ${days.length} 1`}
        preserveAspectRatio="none"
        className="bg-hover h-5 w-full rounded-sm"
      >
        <Marks paths={paths} />
      </svg>
      {here && <Told at={(day + 0.5) / days.length} width={0.85 / days.length} text={told(day)} />}
    </span>
  );
}

/** The frame around a day and what it says, as long as its strip has the focus. */
function Told({ at, width, text }: { at: number; width: number; text: string }) {
  const share = (n: number) => `${n * 100}%`;
  return (
    <span aria-hidden className="hidden group-focus:block">
      <span
        className="border-text absolute inset-y-0 rounded-sm border-2"
        style={{ left: share(at - width / 2), width: share(width) }}
      />
      <span
        className="bg-raised border-line absolute bottom-full z-10 mb-1 rounded-md border px-2 py-1 text-xs whitespace-nowrap shadow-pop"
        style={at > 0.5 ? { right: share(1 - at - width / 2) } : { left: share(at - width / 2) }}
      >
        {text}
      </span>
    </span>
  );
}

function Marks({ paths }: { paths: ReturnType<typeof dayPaths> }) {
  return (
    <>
      <path d={paths.made} className="fill-accent opacity-50" />
      <path d={paths.verified} className="fill-accent" />
      <path d={paths.guarded} className="fill-text" />
      <path d={paths.missed} className="fill-degraded-mark" />
    </>
  );
}

/** The size of all backups of each day as bars, above the strips of the guests. A click asks who missed the day. */
export function PerDay({
  data,
  chosen,
  onDay,
}: {
  data: Protection;
  chosen: string;
  onDay: (name: string) => void;
}) {
  const most = Math.max(1, ...data.perDay.map((d) => d.bytes));
  return (
    <div aria-hidden className="flex flex-col gap-1 max-sm:basis-full">
      <div className="flex h-12 items-end">
        {data.perDay.map((d, i) => {
          const name = dayName(data.first, i);
          return (
            <span
              key={name}
              title={`${dayLabel(data.first, i)}: ${d.count} backups, ${bytes(d.bytes)}`}
              onClick={() => onDay(chosen === name ? '' : name)}
              className={cx(
                'flex h-full flex-1 cursor-pointer items-end pr-px',
                chosen === name ? 'bg-selected' : 'hover:bg-hover',
              )}
            >
              <span
                className="bg-bar w-full"
                style={{ height: `${d.count === 0 ? 0 : Math.max(4, (d.bytes / most) * 100)}%` }}
              />
            </span>
          );
        })}
      </div>
      <Axis first={data.first} days={data.days} />
    </div>
  );
}

/** The first day of each week, under the bars. */
function Axis({ first, days }: { first: string; days: number }) {
  const start = Date.parse(first);
  const mondays = Array.from({ length: days }, (_, i) => i).filter(
    (i) => new Date(start + i * dayLength).getUTCDay() === 1 && i < days - 2,
  );
  return (
    <div className="text-muted relative h-4 text-xs whitespace-nowrap">
      {mondays.map((i) => (
        <span key={i} className="border-line absolute border-l pl-1" style={{ left: `${(i / days) * 100}%` }}>
          {short.format(start + i * dayLength)}
        </span>
      ))}
    </div>
  );
}

/** What the marks of a strip mean. */
export function Legend() {
  return (
    <ul aria-label="Marks" className="text-muted flex flex-wrap gap-x-4 gap-y-1 text-xs">
      <Sign day={1}>Backup</Sign>
      <Sign day={3}>Verified</Sign>
      <Sign day={7}>Protected</Sign>
      <Sign day={0}>Missed</Sign>
    </ul>
  );
}

function Sign({ day, children }: { day: number; children: ReactNode }) {
  const paths = dayPaths([day]);
  return (
    <li className="flex items-center gap-1.5">
      <svg aria-hidden viewBox="0 0 1 1" preserveAspectRatio="none" className="bg-hover h-4 w-3">
        <Marks paths={day === 0 ? { ...paths, missed: 'M0 .35h1v.3h-1z' } : paths} />
      </svg>
      {children}
    </li>
  );
}
