import { useEffect, type ReactNode } from 'react';

/** The frame of a page: one h1, what belongs beside it, and the document's title. */
export function Page({
  title,
  within,
  heading,
  actions,
  children,
}: {
  title: string;
  /** Which of several pages under this title it is. */
  within?: string | undefined;
  /** Shown instead of the bare title. */
  heading?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  useEffect(() => {
    document.title = [within, title, 'Pulse'].filter(Boolean).join(' · ');
  }, [title, within]);
  return (
    <div className="mx-auto flex w-full max-w-[1680px] flex-col gap-4 px-4 py-4 sm:px-6">
      <header className="flex min-h-9 flex-wrap items-center justify-between gap-x-4 gap-y-2">
        {heading ?? <h1 className="text-xl font-semibold tracking-tight">{title}</h1>}
        {actions}
      </header>
      {children}
    </div>
  );
}
