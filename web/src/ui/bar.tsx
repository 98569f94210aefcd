import { memo } from 'react';
import { cx } from './cx.ts';

export type BarLook = 'fine' | 'warning' | 'critical';

const fills: Record<BarLook, string> = {
  fine: 'bg-bar',
  warning: 'bg-degraded-mark',
  critical: 'bg-down',
};

/** A bar of 0 to 100. It is a picture beside a number, so it is hidden from screen readers. */
export const Bar = memo(function Bar({
  percent,
  look = 'fine',
  className,
}: {
  percent: number | undefined;
  look?: BarLook;
  className?: string;
}) {
  const width = percent === undefined ? 0 : Math.min(100, Math.max(0, percent));
  return (
    <span aria-hidden className={cx('bg-track block h-1 overflow-hidden rounded-sm', className)}>
      <span
        className={cx('block h-full origin-left', fills[look])}
        style={{ transform: `scaleX(${width / 100})` }}
      />
    </span>
  );
});
