import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Circle, CircleCheck, X } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { alertConfig, channels } from '@/api/alerts.ts';
import { integrations } from '@/api/integrations.ts';
import { useLive } from '@/live/hooks.ts';
import { useMay } from '@/parts/may.ts';
import { IconButton } from '@/ui/button.tsx';

const hiddenKey = 'pulse.first-steps.hidden';

function wasHidden(): boolean {
  try {
    return localStorage.getItem(hiddenKey) === '1';
  } catch {
    return false;
  }
}

/** What is left to do on a new server until it tells somebody of what is wrong, for who may do it. */
export function FirstSteps() {
  const may = useMay();
  const [hidden, setHidden] = useState(wasHidden);
  if (hidden || !may('admin:settings') || !may('write:alerts')) return null;
  return (
    <Steps
      onHide={() => {
        setHidden(true);
        try {
          localStorage.setItem(hiddenKey, '1');
        } catch {
          // They come back with the next visit.
        }
      }}
    />
  );
}

function Steps({ onHide }: { onHide: () => void }) {
  const config = useQuery(alertConfig).data;
  const ask = config?.enabled === true && config.activationState !== 'active';
  // Who has made a channel or connected a system comes back to this page from another.
  const once = { enabled: ask, refetchInterval: false } as const;
  const channel = useQuery({ ...channels, ...once }).data;
  const several = useLive((l) => l.ids.length > 1);
  const sources = useQuery({ ...integrations, ...once, enabled: ask && !several }).data;
  if (!ask || !channel || (!several && !sources)) return null;
  const watched = several || sources?.some((s) => channel.every((c) => c.id !== s.id)) === true;
  return (
    <section aria-labelledby="first-steps" className="bg-surface border-line rounded-lg border px-3 py-2.5">
      <header className="flex items-center justify-between gap-2">
        <h2 id="first-steps" className="font-semibold">
          First steps
        </h2>
        <IconButton label="Hide the first steps" onClick={onHide}>
          <X size={16} aria-hidden />
        </IconButton>
      </header>
      <ol className="flex flex-col gap-1.5 text-sm">
        <Step done={watched}>
          <Link
            to="/$family"
            params={{ family: 'infrastructure' }}
            search={{ add: 'host' }}
            className="text-accent underline"
          >
            Add a host
          </Link>
          , or{' '}
          <Link to="/settings/integrations" className="text-accent underline">
            connect a system
          </Link>{' '}
          that Pulse asks by itself.
        </Step>
        <Step done={channel.length > 0}>
          <Link to="/alerts/channels" className="text-accent underline">
            Make a channel
          </Link>{' '}
          by which alerts reach you: e-mail, a chat, a push service.
        </Step>
        <Step done={false}>
          <Link to="/alerts" className="text-accent underline">
            Activate alerts
          </Link>
          . Until then they are shown here and told to nobody.
        </Step>
      </ol>
    </section>
  );
}

function Step({ done, children }: { done: boolean; children: ReactNode }) {
  return (
    <li className="flex items-start gap-2">
      {done ? (
        <CircleCheck size={16} aria-label="Done:" className="text-accent mt-0.5 shrink-0" />
      ) : (
        <Circle size={16} aria-label="To do:" className="text-muted mt-0.5 shrink-0" />
      )}
      <span className={done ? 'text-muted' : undefined}>{children}</span>
    </li>
  );
}
