import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import {
  endOtherSessions,
  endSession,
  lockouts,
  resetLockout,
  sessions,
  type Session,
} from '@/api/access.ts';
import { instant } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { useMay } from '@/parts/may.ts';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago, Moment } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { Section } from './section.tsx';

/** The logins that are open, and who is locked out. */
export function Sessions() {
  const may = useMay();
  const client = useQueryClient();
  const list = useQuery(sessions);
  const refresh = () => client.invalidateQueries({ queryKey: sessions.queryKey });
  const end = useMutation({ mutationFn: endSession, onSuccess: refresh });
  const others = useMutation({ mutationFn: endOtherSessions, onSuccess: refresh });
  const mine = list.data?.find((s) => s.current)?.username;
  const more = list.data?.some((s) => !s.current && s.username === mine) === true;
  return (
    <div className="flex flex-col gap-8">
      <Section
        title="Logins"
        lead="Browsers that are logged in. To end a login that nobody knows is never wrong."
        action={
          more && (
            <Button look="danger" busy={others.isPending} onClick={() => others.mutate()}>
              End all my others
            </Button>
          )
        }
      >
        <Loaded query={list} failed="The logins could not be loaded." skeleton={<TableSkeleton rows={2} />}>
          {(known) => (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Logins">
              {known.map((s) => (
                <Row key={s.id} session={s} busy={end.isPending} onEnd={() => end.mutate(s.id)} />
              ))}
              {known.length === 0 && <li className="text-muted px-3 py-2.5 text-sm">There are none.</li>}
            </ul>
          )}
        </Loaded>
        {(end.isError || others.isError) && (
          <ApiProblem title="The login was not ended." error={end.error ?? others.error} />
        )}
      </Section>
      {may('admin:users') && <Lockouts />}
    </div>
  );
}

/** The browser and its system, as far as they tell. */
function browser(agent: string): string {
  const name = /(Firefox|Edg|OPR|Chrome|Safari|curl)/.exec(agent)?.[1] ?? '';
  const system = /(Android|iPhone|iPad|Windows|Mac OS X|Linux)/.exec(agent)?.[1] ?? '';
  const known: Record<string, string> = { Edg: 'Edge', OPR: 'Opera', 'Mac OS X': 'macOS' };
  const words = [name, system].filter((w) => w !== '').map((w) => known[w] ?? w);
  return words.join(' on ') || agent.slice(0, 60) || 'an unknown browser';
}

function Row({ session: s, busy, onEnd }: { session: Session; busy: boolean; onEnd: () => void }) {
  const seen = instant(s.lastSeenAt);
  const made = instant(s.createdAt);
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64 max-sm:basis-full">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium break-all">{s.username}</span>
          {s.current && <span className="text-accent text-xs font-medium">this browser</span>}
        </p>
        <p className="text-muted text-xs break-all" title={s.userAgent}>
          {browser(s.userAgent ?? '')}, from {s.ip}
        </p>
      </div>
      <p className="text-muted w-52 text-xs max-sm:flex-1">
        {made !== undefined && (
          <>
            logged in <Ago at={made} />
          </>
        )}
        <br />
        {seen !== undefined && (
          <>
            last seen <Ago at={seen} />
          </>
        )}
      </p>
      {!s.current && (
        <Button
          small
          look="danger"
          disabled={busy}
          aria-label={`End the login of ${s.username} from ${s.ip}`}
          onClick={onEnd}
        >
          End
        </Button>
      )}
    </li>
  );
}

function Lockouts() {
  const client = useQueryClient();
  const list = useQuery(lockouts);
  const reset = useMutation({
    mutationFn: resetLockout,
    onSuccess: () => client.invalidateQueries({ queryKey: lockouts.queryKey }),
  });
  return (
    <Section
      title="Locked out"
      lead="After five wrong passwords a user has to wait a quarter of an hour, from that address only."
    >
      <Loaded
        query={list}
        failed="Who is locked out could not be loaded."
        skeleton={<TableSkeleton rows={1} />}
      >
        {(known) =>
          known.length === 0 ? (
            <p className="text-muted text-sm">Nobody is.</p>
          ) : (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Locked out">
              {known.map((l) => {
                const until = instant(l.lockedUntil);
                const who = [l.username, l.ip].filter(Boolean).join(' from ');
                return (
                  <li
                    key={who}
                    className="border-line flex flex-wrap items-center justify-between gap-3 border-b px-3 py-2.5 text-sm last:border-b-0"
                  >
                    <span className="font-medium break-all">{who}</span>
                    <span className="text-muted text-xs">
                      {until !== undefined && (
                        <>
                          until <Moment at={until} />
                        </>
                      )}
                    </span>
                    <Button
                      small
                      disabled={reset.isPending}
                      aria-label={`Let ${who} try again`}
                      onClick={() => reset.mutate(l.ip ?? l.username ?? '')}
                    >
                      Let in
                    </Button>
                  </li>
                );
              })}
            </ul>
          )
        }
      </Loaded>
      {reset.isError && <ApiProblem title="The lock was not lifted." error={reset.error} />}
    </Section>
  );
}
