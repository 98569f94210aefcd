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
      <header className="flex flex-wrap items-start justify-between gap-2">
        <div className="max-w-prose">
          <h2 className="text-lg font-semibold">{title}</h2>
          {lead && <p className="text-muted text-sm">{lead}</p>}
        </div>
        {action}
      </header>
      {children}
    </section>
  );
}
