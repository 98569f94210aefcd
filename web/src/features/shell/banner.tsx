import { Unplug } from 'lucide-react';
import { useNow } from '@/live/clock.ts';
import { useLive, useLiveSource } from '@/live/hooks.ts';
import { Ago } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';

/** Says that live data do not arrive, since when, and when the next attempt comes. What was there stays. */
export function Banner() {
  const connection = useLive((l) => l.connection);
  return (
    <div role="status" aria-live="polite">
      {connection.phase === 'lost' && <Lost {...connection} />}
    </div>
  );
}

function Lost({ since, retryAt }: { since: number; retryAt: number | undefined }) {
  const now = useNow(1000);
  const { stream } = useLiveSource();
  const seconds = retryAt === undefined ? 0 : Math.max(0, Math.ceil((retryAt - now) / 1000));
  return (
    <div className="bg-degraded-soft border-line flex flex-wrap items-center gap-x-3 gap-y-1 border-b px-4 py-1.5 text-sm">
      <Unplug size={16} aria-hidden className="text-degraded shrink-0" />
      <span>
        <strong className="font-medium">Disconnected</strong> <Ago at={since} />. Values are the last known.
      </span>
      <span className="num text-muted" aria-hidden>
        {seconds > 0 ? `Next attempt in ${seconds} s` : 'Connecting …'}
      </span>
      <Button small onClick={() => stream.retry()} disabled={retryAt === undefined}>
        Try now
      </Button>
    </div>
  );
}
