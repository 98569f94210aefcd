import { FileLock } from 'lucide-react';
import type { Need } from './may.ts';

/** Says why a form shows what is and changes nothing: a file owns it, or who looks may not. */
export function ReadOnly({ origin, need }: { origin?: string | undefined; need?: Need }) {
  return (
    <p className="text-muted flex gap-2 text-sm" role="note">
      <FileLock size={16} aria-hidden className="mt-0.5 shrink-0" strokeWidth={1.75} />
      <span>
        {origin ? (
          <>
            Read-only: <code className="font-mono break-all">{origin}</code> owns it. Change it there and
            restart Pulse.
          </>
        ) : (
          <>
            Read-only: changing it takes the permission <code className="font-mono">{need}</code>, which an
            administrator can give you.
          </>
        )}
      </span>
    </p>
  );
}
