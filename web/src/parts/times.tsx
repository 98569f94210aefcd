import { ago, dateTime, duration, exactTime, instant } from '@/format/time.ts';
import { unknown } from '@/format/number.ts';
import { useNow } from '@/live/clock.ts';

interface Props {
  /** As the wire has it: Unix milliseconds, or RFC 3339. */
  at: number | string | undefined;
  className?: string | undefined;
}

/** How long ago something was, or how long it is until then; the exact time is shown on hover. */
export function Ago({ at, className }: Props) {
  const now = useNow();
  return <Shown at={at} className={className} words={(ms) => ago(ms, now)} />;
}

/** For how long something has lasted, in the two largest units. */
export function Lasting({ at, className }: Props) {
  const now = useNow();
  return <Shown at={at} className={className} words={(ms) => duration(Math.max(0, now - ms) / 1000)} />;
}

/** When something was or will be: date and time, with the zone on hover. */
export function Moment({ at, className }: Props) {
  return <Shown at={at} className={className} words={dateTime} />;
}

/** The same in full, with the zone, where that is what one reads. */
export function Exactly({ at, className }: Props) {
  return <Shown at={at} className={className} words={exactTime} />;
}

function Shown({ at, className, words }: Props & { words: (ms: number) => string }) {
  const ms = instant(at);
  if (ms === undefined) return unknown;
  return (
    <time className={className} dateTime={new Date(ms).toISOString()} title={exactTime(ms)}>
      {words(ms)}
    </time>
  );
}
