import { number } from '@/format/number.ts';
import { statuses, statusLabel, type Status } from '@/live/status.ts';
import { cx } from '@/ui/cx.ts';
import { Mark } from './mark.tsx';

/** How many are in each state; each count is a filter. States of which there is none are left out, but for fine. */
export function StatusFilter({
  counts,
  chosen,
  onChoose,
  large,
}: {
  counts: Readonly<Record<Status, number>>;
  chosen: string;
  onChoose: (status: Status | '') => void;
  large?: boolean;
}) {
  const shown = statuses.filter((s) => counts[s] > 0 || s === 'fine' || s === chosen);
  return (
    <div role="group" aria-label="Filter by state" className="flex flex-wrap gap-2">
      {shown.map((s) => (
        <button
          key={s}
          type="button"
          aria-pressed={chosen === s}
          onClick={() => onChoose(chosen === s ? '' : s)}
          className={cx(
            'flex items-center gap-2 rounded-md border px-3',
            large ? 'h-11' : 'h-8 text-sm max-sm:h-11',
            chosen === s ? 'border-accent bg-selected' : 'border-line bg-surface hover:bg-hover',
          )}
        >
          <Mark status={s} />
          <span className={cx('num font-semibold', large && 'text-lg')}>{number(counts[s])}</span>
          <span className="text-muted">{statusLabel[s]}</span>
        </button>
      ))}
    </div>
  );
}
