import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Send, Trash2 } from 'lucide-react';
import { useState, type SubmitEvent } from 'react';
import {
  auditHooks,
  newAuditHookSecret,
  protection,
  setAuditHooks,
  testAuditHook,
  type HookList,
} from '@/api/access.ts';
import { saveSystemSettings, systemSettings } from '@/api/queries.ts';
import { instant } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { useMay } from '@/parts/may.ts';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago } from '@/parts/times.tsx';
import { Button, IconButton } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Field } from '@/ui/field.tsx';
import { Section } from './section.tsx';

/** Where events of the audit log go, and for how long they stay. */
export function AuditDelivery() {
  const may = useMay();
  return (
    <div className="flex flex-col gap-8">
      <Webhooks />
      <Signing />
      {may('admin:settings') && <Retention />}
    </div>
  );
}

type Hook = HookList['hooks'][number];

function Webhooks() {
  const client = useQueryClient();
  const list = useQuery(auditHooks);
  const [url, setUrl] = useState('');
  const urls = list.data?.urls ?? [];
  const save = useMutation({
    mutationFn: setAuditHooks,
    onSuccess: () =>
      Promise.all(
        [auditHooks.queryKey, protection.queryKey].map((queryKey) => client.invalidateQueries({ queryKey })),
      ),
  });
  const add = (e: SubmitEvent) => {
    e.preventDefault();
    const to = url.trim();
    if (to === '' || urls.includes(to)) return;
    save.mutate([...urls, to], { onSuccess: () => setUrl('') });
  };
  return (
    <Section
      title="Addresses that are told"
      lead="Each event is sent to these as JSON, in the order of the log, until the receiver has it. A log that lies elsewhere too cannot be rewritten here."
    >
      <Loaded query={list} failed="The addresses could not be loaded." skeleton={<TableSkeleton rows={2} />}>
        {(known) =>
          known.hooks.length === 0 ? (
            <p className="text-muted text-sm">Nobody is told yet.</p>
          ) : (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Addresses">
              {known.hooks.map((h) => (
                <Row
                  key={h.url}
                  hook={h}
                  busy={save.isPending}
                  onRemove={() => save.mutate(urls.filter((u) => u !== h.url))}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      <form className="flex max-w-2xl items-end gap-2 max-sm:flex-col max-sm:items-stretch" onSubmit={add}>
        <div className="min-w-0 flex-1">
          <Field
            label="Another address"
            type="url"
            placeholder="https://siem.example.com/in"
            value={url}
            onChange={(e) => {
              save.reset();
              setUrl(e.target.value);
            }}
            error={urls.includes(url.trim()) ? 'It is told already.' : undefined}
          />
        </div>
        <Button type="submit" look="primary" busy={save.isPending} disabled={url.trim() === '' || !list.data}>
          <Plus size={16} aria-hidden /> Add
        </Button>
      </form>
      {save.isError && <ApiProblem title="The addresses were not changed." error={save.error} />}
    </Section>
  );
}

function Row({ hook: h, busy, onRemove }: { hook: Hook; busy: boolean; onRemove: () => void }) {
  const tried = useMutation({ mutationFn: () => testAuditHook(h.url) });
  const at = instant(h.delivered);
  const waiting =
    h.waiting === 0 ? 'up to date' : `${h.waiting} ${h.waiting === 1 ? 'event waits' : 'events wait'}`;
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64 max-sm:basis-full">
        <p className="text-sm font-medium break-all">{h.url}</p>
        <p className="text-muted text-xs">
          {waiting}
          {at !== undefined && (
            <>
              , last delivered <Ago at={at} />
            </>
          )}
        </p>
        {h.error && <p className="text-down text-xs break-words">Last attempt: {h.error}</p>}
        <p role="status" className="text-xs break-words">
          {tried.data?.message ?? (tried.isError ? `Not tested: ${tried.error.message}` : '')}
        </p>
      </div>
      <Button small busy={tried.isPending} aria-label={`Test ${h.url}`} onClick={() => tried.mutate()}>
        <Send size={14} aria-hidden /> Test
      </Button>
      <IconButton label={`Remove ${h.url}`} disabled={busy} onClick={onRemove}>
        <Trash2 size={16} aria-hidden />
      </IconButton>
    </li>
  );
}

function Signing() {
  const client = useQueryClient();
  const signed = useQuery(auditHooks).data?.signed === true;
  const made = useMutation({
    mutationFn: newAuditHookSecret,
    onSuccess: () => client.invalidateQueries({ queryKey: auditHooks.queryKey }),
  });
  return (
    <Section
      title="Signature"
      lead={
        signed
          ? 'Deliveries carry X-Pulse-Signature: t is the time in Unix seconds, v1 the HMAC-SHA256 of “t.body” under the secret.'
          : 'Deliveries are not signed yet: a receiver cannot tell them from what somebody else sends.'
      }
    >
      {made.data !== undefined && (
        <div className="max-w-2xl">
          <p className="mb-2 text-sm">The secret. Copy it now: it is shown only this once.</p>
          <CopyText label="The secret of the signature" text={made.data} />
        </div>
      )}
      {made.isError && <ApiProblem title="No secret was made." error={made.error} />}
      <div>
        <Button busy={made.isPending} look={signed ? 'danger' : 'primary'} onClick={() => made.mutate()}>
          {signed ? 'Replace the secret' : 'Make a secret'}
        </Button>
      </div>
      {signed && made.data === undefined && (
        <p className="text-muted text-xs">The present secret ends at once: receivers need the new one.</p>
      )}
    </Section>
  );
}

function Retention() {
  const client = useQueryClient();
  const settings = useQuery(systemSettings);
  const [days, setDays] = useState<string>();
  const kept = settings.data?.auditRetentionDays;
  const save = useMutation({
    mutationFn: () => saveSystemSettings({ auditRetentionDays: Number(days) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: systemSettings.queryKey });
      setDays(undefined);
    },
  });
  const fixed = settings.data?.envOverrides?.auditRetentionDays === true;
  const dirty = days !== undefined && days !== String(kept);
  return (
    <Section
      title="Kept for"
      lead="Events that are older are removed, within an hour. At most a million are kept."
    >
      <Loaded
        query={settings}
        failed="For how long events are kept could not be loaded."
        skeleton={<TableSkeleton rows={1} />}
      >
        {(known) =>
          fixed ? (
            <p className="text-sm">
              {kept} days.{' '}
              <span className="text-muted">
                Read-only here: <code className="font-mono">audit.retention</code> in{' '}
                <code className="font-mono">{known.origins?.auditRetentionDays ?? 'config.hcl'}</code> decides
                it.
              </span>
            </p>
          ) : (
            <form
              className="flex max-w-xs flex-col gap-3"
              noValidate
              onSubmit={(e) => {
                e.preventDefault();
                save.mutate();
              }}
            >
              <Field
                label="Days"
                type="number"
                min={1}
                max={3650}
                value={days ?? String(kept ?? '')}
                onChange={(e) => {
                  save.reset();
                  setDays(e.target.value);
                }}
                error={save.isError ? save.error.message : undefined}
              />
              <div className="flex items-center gap-3">
                <Button type="submit" look="primary" busy={save.isPending} disabled={!dirty}>
                  Save
                </Button>
                <span role="status" className="text-muted text-sm">
                  {save.isSuccess && !dirty && 'Saved.'}
                </span>
              </div>
            </form>
          )
        }
      </Loaded>
    </Section>
  );
}
