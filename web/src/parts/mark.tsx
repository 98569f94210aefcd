import { statusLabel, type Status } from '@/live/status.ts';
import { cx } from '@/ui/cx.ts';

const colours: Record<Status, string> = {
  down: 'text-down',
  degraded: 'text-degraded',
  stale: 'text-stale',
  unknown: 'text-unknown',
  maintenance: 'text-maintenance',
  fine: 'text-muted',
};

/** The shape of a state. A word must stand beside it, unless it is labelled. */
export function Mark({ status, labelled }: { status: Status; labelled?: boolean }) {
  return (
    <span
      className={cx('mark', `mark-${status}`)}
      {...(labelled ? { role: 'img', 'aria-label': statusLabel[status] } : { 'aria-hidden': true })}
    />
  );
}

/** The shape and the word of a state. */
export function StatusText({
  status,
  word,
  mark = true,
  title,
}: {
  status: Status;
  word?: string;
  mark?: boolean;
  title?: string;
}) {
  return (
    <span title={title} className={cx('inline-flex items-center gap-1.5', colours[status])}>
      {mark && <Mark status={status} />}
      {word ?? statusLabel[status]}
    </span>
  );
}
