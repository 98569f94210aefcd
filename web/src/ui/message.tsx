import { CircleAlert, Lock } from 'lucide-react';
import type { ReactNode } from 'react';
import { CopyButton } from './copy.tsx';
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
  denied = false,
  children,
  className,
}: {
  title: string;
  text: string;
  requestId?: string | undefined;
  /** Nothing failed: somebody may not do it. */
  denied?: boolean;
  children?: ReactNode;
  className?: string;
}) {
  return (
    <div
      role="alert"
      className={cx(
        'rounded-md border px-3 py-2.5 text-sm',
        denied ? 'bg-surface border-line' : 'bg-down-soft border-transparent',
        className,
      )}
    >
      <div className="flex items-start gap-2">
        {denied ? (
          <Lock size={16} aria-hidden className="text-muted mt-0.5 shrink-0" />
        ) : (
          <CircleAlert size={16} aria-hidden className="text-down mt-0.5 shrink-0" />
        )}
        <div className="min-w-0 flex-1">
          <p className="font-medium">{title}</p>
          <p className="break-words">{text}</p>
          {requestId && (
            <p className="mt-1 flex flex-wrap items-center gap-x-1 text-xs">
              Request <code className="font-mono select-all">{requestId}</code>
              <CopyButton text={requestId} what="the request id" />
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
