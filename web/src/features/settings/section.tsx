import type { ReactNode } from 'react';

/** A titled part of a settings page. */
export function Section({
  title,
  lead,
  action,
  children,
}: {
  title: string;
  lead?: ReactNode;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="flex flex-col gap-3">
      <header className="flex items-start justify-between gap-x-4 gap-y-2 max-sm:flex-wrap">
        <div className="max-w-prose min-w-0">
          <h2 className="text-lg font-semibold">{title}</h2>
          {lead && <p className="text-muted text-sm">{lead}</p>}
        </div>
        {action && <div className="shrink-0">{action}</div>}
      </header>
      {children}
    </section>
  );
}
