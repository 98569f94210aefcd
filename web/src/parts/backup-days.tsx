import { useMemo, type PointerEvent, type ReactNode } from 'react';
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
function dayAt(e: PointerEvent, days: number): number {
  const { left, width } = e.currentTarget.getBoundingClientRect();
  return Math.min(days - 1, Math.max(0, Math.floor(((e.clientX - left) / width) * days)));
}

/** The days of a guest as a strip: half colour for a backup, full when it is verified, a foot when it is protected. */
export function Days({ days, first }: { days: number[]; first: string }) {
  const paths = useMemo(() => dayPaths(days), [days]);
  return (
    <svg
      role="img"
      aria-label={dayWords(days)}
      viewBox={`0 0 ${days.length} 1`}
      preserveAspectRatio="none"
      className="bg-hover h-5 w-full rounded-sm"
      onPointerMove={(e) => {
        const i = dayAt(e, days.length);
        const text = `${dayLabel(first, i)}: ${oneDay(days, i)}`;
        e.currentTarget.parentElement?.setAttribute('title', text);
      }}
    >
      <Marks paths={paths} />
    </svg>
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
