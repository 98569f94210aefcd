import { CircleAlert } from 'lucide-react';
import type { ReactNode } from 'react';
import { cx } from './cx.ts';

/** A sentence about an empty view, and what mends it. */
export function Empty({ title, icon, children }: { title: string; icon?: ReactNode; children?: ReactNode }) {
  return (
    <div className="border-line mx-auto flex w-full flex-col items-center gap-3 rounded-lg border border-dashed px-4 py-10 text-center">
      {icon && <span className="text-muted">{icon}</span>}
      <h2 className="text-lg font-semibold">{title}</h2>
      {children}
    </div>
  );
}

/** Says what went wrong, why, what to do, and the request's id to quote. */
export function Problem({
  title,
  text,
  requestId,
  children,
  className,
}: {
  title: string;
  text: string;
  requestId?: string | undefined;
  children?: ReactNode;
  className?: string;
}) {
  return (
    <div role="alert" className={cx('bg-down-soft rounded-md px-3 py-2.5 text-sm', className)}>
      <div className="flex items-start gap-2">
        <CircleAlert size={16} aria-hidden className="text-down mt-0.5 shrink-0" />
        <div className="min-w-0 flex-1">
          <p className="font-medium">{title}</p>
          <p className="break-words">{text}</p>
          {requestId && (
            <p className="mt-1 text-xs">
              Request <code className="font-mono select-all">{requestId}</code>
            </p>
          )}
          {children && <div className="mt-2 flex flex-wrap gap-2">{children}</div>}
        </div>
      </div>
    </div>
  );
}

/** A grey block where something will be. */
export function Skeleton({ className }: { className?: string }) {
  return <span aria-hidden className={cx('skeleton block', className)} />;
}
