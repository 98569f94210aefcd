import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { KeyRound, Plus } from 'lucide-react';
import { useState } from 'react';
import { createToken, revokeToken, rotateToken, securityStatus, tokens } from '@/api/queries.ts';
import type { NewToken, Token } from '@/api/types.ts';
import { instant } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago, Moment } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Empty } from '@/ui/message.tsx';
import { Select } from '@/ui/select.tsx';
import { presets, scopes } from './scopes.ts';
import { Section } from './section.tsx';

/** The API tokens: who may come in without a password, and for what. */
export function Tokens() {
  const list = useQuery(tokens);
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Token>();
  const [renewing, setRenewing] = useState<Token>();
  return (
    <Section
      title="API tokens"
      lead="Agents and scripts come in with a token. Give each its own, with no more rights than it needs."
      action={
        <Button look="primary" onClick={() => setMaking(true)}>
          <Plus size={16} aria-hidden /> New token
        </Button>
      }
    >
      <Loaded query={list} failed="The tokens could not be loaded." skeleton={<TableSkeleton rows={3} />}>
        {(known) =>
          known.length === 0 ? (
            <Empty title="There are no tokens" icon={<KeyRound size={24} aria-hidden strokeWidth={1.5} />}>
              <p className="text-muted">Agents and scripts come in with one.</p>
              <Button onClick={() => setMaking(true)}>Make a token</Button>
            </Empty>
          ) : (
            <TokenList tokens={known} onRevoke={setRevoking} onRenew={setRenewing} />
          )
        }
      </Loaded>
      {making && <NewTokenDialog onClose={() => setMaking(false)} />}
      {renewing && <RenewDialog token={renewing} onClose={() => setRenewing(undefined)} />}
      {revoking && <RevokeDialog token={revoking} onClose={() => setRevoking(undefined)} />}
    </Section>
  );
}

function scopeText(token: Token): string {
  return token.scopes.includes('*') ? 'everything' : token.scopes.join(', ') || 'nothing';
}

function TokenList({
  tokens: list,
  onRevoke,
  onRenew,
}: {
  tokens: Token[];
  onRevoke: (t: Token) => void;
  onRenew: (t: Token) => void;
}) {
  const now = useNow();
  const me = useQuery(securityStatus).data?.authUsername;
  return (
    <ul className="bg-surface border-line rounded-lg border" aria-label="API tokens">
      {list.map((t) => {
        const made = instant(t.createdAt);
        const used = instant(t.lastUsedAt);
        const ends = instant(t.expiresAt);
        return (
          <li
            key={t.id}
            className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0"
          >
            <div className="min-w-0 flex-1 basis-64 max-sm:basis-full">
              <p className="flex flex-wrap items-baseline gap-x-2">
                <span className="font-medium break-all">{t.name}</span>
                <code className="text-muted font-mono text-xs" data-volatile>
                  {t.prefix}…{t.suffix}
                </code>
              </p>
              <p className="text-muted text-xs break-words">
                {scopeText(t)}
                {t.owner && t.owner !== me && `; of ${t.owner}`}
                {t.enrolled && '; of an agent'}
              </p>
            </div>
            <p className="text-muted w-52 text-xs max-sm:flex-1">
              {made !== undefined && (
                <>
                  made <Ago at={made} />
                </>
              )}
              <br />
              {used === undefined ? (
                'never used'
              ) : (
                <>
                  last used <Ago at={used} />
                </>
              )}
              {ends !== undefined && (
                <>
                  <br />
                  {ends <= now ? (
                    <span className="text-down">
                      ended <Ago at={ends} />
                    </span>
                  ) : (
                    <>
                      ends <Moment at={ends} />
                    </>
                  )}
                </>
              )}
            </p>
            {t.owner === me && t.enrolled !== true && (
              <Button small aria-label={`New value for ${t.name}`} onClick={() => onRenew(t)}>
                New value
              </Button>
            )}
            <Button small look="danger" aria-label={`Revoke ${t.name}`} onClick={() => onRevoke(t)}>
              Revoke
            </Button>
          </li>
        );
      })}
    </ul>
  );
}

function NewTokenDialog({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [chosen, setChosen] = useState<readonly string[]>(presets[0]?.scopes ?? []);
  const [days, setDays] = useState('');
  const create = useMutation({
    mutationFn: () => createToken(name.trim(), chosen, endAfter(days)),
    onSuccess: () => client.invalidateQueries({ queryKey: tokens.queryKey }),
  });
  if (create.data) return <TokenMade made={create.data} onClose={onClose} />;
  const all = chosen.includes('*');
  return (
    <Dialog title="New token" onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          create.mutate();
        }}
      >
        <Field
          label="Name"
          required
          autoFocus
          maxLength={100}
          placeholder="What it is for, such as backup script"
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
        <Select label="It ends" value={days} onChange={(e) => setDays(e.target.value)}>
          <option value="">never, as agents need it</option>
          <option value="1">after a day</option>
          <option value="30">after 30 days</option>
          <option value="90">after 90 days</option>
          <option value="365">after a year</option>
        </Select>
        <fieldset className="flex flex-col gap-2">
          <legend className="mb-1 text-sm font-medium">It may, as far as you may</legend>
          <div className="mb-1 flex flex-wrap gap-2">
            {presets.map((p) => (
              <Button
                key={p.label}
                small
                aria-pressed={p.scopes.join() === chosen.join()}
                onClick={() => setChosen(p.scopes)}
              >
                {p.label}
              </Button>
            ))}
          </div>
          <div className="grid gap-2 sm:grid-cols-2">
            {scopes.map((s) => (
              <Checkbox
                key={s.scope}
                label={<code className="font-mono text-xs">{s.scope}</code>}
                hint={s.text}
                checked={all || chosen.includes(s.scope)}
                disabled={all}
                onChange={(e) =>
                  setChosen(e.target.checked ? [...chosen, s.scope] : chosen.filter((c) => c !== s.scope))
                }
              />
            ))}
          </div>
        </fieldset>
        {create.isError && <ApiProblem title="No token was made." error={create.error} />}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={create.isPending} disabled={chosen.length === 0}>
            Make the token
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function TokenMade({ made, onClose }: { made: NewToken; onClose: () => void }) {
  return (
    <Dialog title={`Token “${made.record.name}”`} onClose={onClose}>
      <p className="mb-2 text-sm">Copy it now: it is shown only this once.</p>
      <CopyText label="The token" text={made.token} />
      <div className="mt-3 flex justify-end">
        <Button look="primary" onClick={onClose}>
          Done
        </Button>
      </div>
    </Dialog>
  );
}

/** When a token ends that lives for some days, undefined for one that does not end. */
function endAfter(days: string): string | undefined {
  return days === '' ? undefined : new Date(Date.now() + Number(days) * 86_400_000).toISOString();
}

function RenewDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const client = useQueryClient();
  const renew = useMutation({
    mutationFn: () => rotateToken(token.id),
    onSuccess: () => client.invalidateQueries({ queryKey: tokens.queryKey }),
  });
  if (renew.data) return <TokenMade made={renew.data} onClose={onClose} />;
  return (
    <Dialog title={`New value for “${token.name}”?`} onClose={onClose}>
      <p className="text-sm">
        The old value is refused at once; name, rights and end stay. Whatever uses the token needs the new
        value.
      </p>
      {renew.isError && (
        <div className="mt-3">
          <ApiProblem title="The token has its old value." error={renew.error} />
        </div>
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Keep the old one</Button>
        <Button look="primary" busy={renew.isPending} onClick={() => renew.mutate()}>
          Make a new value
        </Button>
      </div>
    </Dialog>
  );
}

function RevokeDialog({ token, onClose }: { token: Token; onClose: () => void }) {
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: () => revokeToken(token.id),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: tokens.queryKey });
      onClose();
    },
  });
  return (
    <Dialog title={`Revoke “${token.name}”?`} onClose={onClose}>
      <p className="text-sm">
        Whatever uses it is refused from now on. An agent that loses its token keeps its reports until it gets
        a new one. This cannot be undone.
      </p>
      {revoke.isError && (
        <div className="mt-3">
          <ApiProblem title="The token was not revoked." error={revoke.error} />
        </div>
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" busy={revoke.isPending} onClick={() => revoke.mutate()}>
          Revoke the token
        </Button>
      </div>
    </Dialog>
  );
}
