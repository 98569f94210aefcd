import type { ReactNode } from 'react';
import { Logo } from './logo.tsx';
import { ThemeMenu } from './menus.tsx';

/** The frame of the pages before the login. */
export function Gate({ title, lead, children }: { title: string; lead?: ReactNode; children: ReactNode }) {
  return (
    <main className="relative flex min-h-full flex-col items-center justify-center p-4">
      <div className="absolute top-3 right-3">
        <ThemeMenu up={false} />
      </div>
      <div className="w-full max-w-96">
        <p className="mb-4 flex items-center gap-2 text-lg font-semibold tracking-tight">
          <Logo size={24} /> Pulse
        </p>
        <div className="bg-surface border-line rounded-lg border p-5">
          <h1 className="text-xl font-semibold tracking-tight">{title}</h1>
          {lead && <div className="text-muted mt-1 text-sm">{lead}</div>}
          {children}
        </div>
      </div>
    </main>
  );
}
