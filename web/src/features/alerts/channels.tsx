import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus, Send } from 'lucide-react';
import { useState } from 'react';
import {
  channels,
  deliveries,
  dropDelivery,
  retryDelivery,
  saveRoute,
  testChannel,
  type Channel,
  type Delivery,
} from '@/api/alerts.ts';
import { integrations, removeIntegration, type Integration } from '@/api/integrations.ts';
import { plugins } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { PartProblem } from '@/parts/part-problem.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Empty } from '@/ui/message.tsx';
import { IntegrationForm } from '../settings/integration-form.tsx';
import { Section } from '../settings/section.tsx';
import { words } from './rule.ts';

type Open =
  | { what: 'new' | 'kind'; kind?: string }
  | { what: 'change' | 'remove'; stored: Integration }
  | { what: 'route'; channel: Channel };

/** How people are reached, and whether it works. */
export function Channels() {
  const list = useQuery(channels);
  const stored = useQuery(integrations);
  const [open, setOpen] = useState<Open>();
  const client = useQueryClient();
  const close = () => setOpen(undefined);
  const done = () => {
    void client.invalidateQueries({ queryKey: channels.queryKey });
    close();
  };
  const of = (c: Channel) => stored.data?.find((x) => x.id === c.id);
  return (
    <div className="flex flex-col gap-8">
      <Section
        title="Channels"
        lead="Ways to tell people: each is told everything, or what its route says."
        action={
          <Button look="primary" onClick={() => setOpen({ what: 'new' })}>
            <Plus size={16} aria-hidden /> New channel
          </Button>
        }
      >
        <Loaded query={list} failed="The channels could not be loaded." skeleton={<TableSkeleton rows={2} />}>
          {(known) =>
            known.length === 0 ? (
              <Empty title="Nobody is told" icon={<Send size={24} aria-hidden strokeWidth={1.5} />}>
                <p className="text-muted">Make a channel: e-mail, or a webhook to a chat or push service.</p>
                <Button onClick={() => setOpen({ what: 'new' })}>Make a channel</Button>
              </Empty>
            ) : (
              <ul className="bg-surface border-line rounded-lg border" aria-label="Channels">
                {known.map((c) => (
                  <Row key={c.id} channel={c} stored={of(c)} onOpen={setOpen} />
                ))}
              </ul>
            )
          }
        </Loaded>
      </Section>
      <Letters />
      <Recent />
      {open?.what === 'new' && (
        <Dialog title="New channel" onClose={close}>
          <Kinds onChoose={(kind) => setOpen({ what: 'kind', kind })} />
        </Dialog>
      )}
      {open?.what === 'kind' && open.kind && (
        <Dialog title="New channel" onClose={close}>
          <IntegrationForm kind={open.kind} tells onDone={done} />
        </Dialog>
      )}
      {open?.what === 'change' && (
        <Dialog title={`Change “${open.stored.name}”`} onClose={close}>
          <IntegrationForm kind={open.stored.kind} stored={open.stored} tells onDone={done} />
        </Dialog>
      )}
      {open?.what === 'remove' && <Remove stored={open.stored} onClose={close} />}
      {open?.what === 'route' && (
        <Dialog title={`What “${open.channel.title}” is told`} onClose={close}>
          <RouteForm channel={open.channel} onDone={close} />
        </Dialog>
      )}
    </div>
  );
}

function Row({
  channel: c,
  stored,
  onOpen,
}: {
  channel: Channel;
  stored: Integration | undefined;
  onOpen: (o: Open) => void;
}) {
  const test = useMutation({ mutationFn: () => testChannel(c) });
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1.5 border-b px-3 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium break-all">{c.title}</span>
          <span className="text-muted text-sm">{c.kind}</span>
          {!c.enabled && <span className="text-muted text-xs">turned off</span>}
        </p>
        <p className="text-muted text-xs">
          {routeText(c)}
          {c.health.lastSuccess !== undefined && (
            <>
              {' '}
              · last arrived <Ago at={c.health.lastSuccess} />
            </>
          )}
        </p>
        {stored?.origin && (
          <p className="text-muted text-xs">
            Owned by <code className="font-mono">{stored.origin}</code>: change it there.
          </p>
        )}
        {c.health.lastError && <p className="text-down text-xs break-words">{c.health.lastError}</p>}
        {test.isSuccess && (
          <p role="status" className="text-xs">
            A test message was sent.
          </p>
        )}
        {test.isError && <ApiProblem title="The test message was not sent." error={test.error} />}
      </div>
      <div className="flex flex-wrap gap-1.5">
        <Button small busy={test.isPending} disabled={!c.enabled} onClick={() => test.mutate()}>
          Test
        </Button>
        <Button small onClick={() => onOpen({ what: 'route', channel: c })}>
          Route
        </Button>
        {stored && (
          <>
            <Button
              small
              aria-label={`${stored.origin ? 'Show' : 'Change'} ${c.title}`}
              onClick={() => onOpen({ what: 'change', stored })}
            >
              {stored.origin ? 'Show' : 'Change'}
            </Button>
            {!stored.origin && (
              <Button
                small
                look="danger"
                aria-label={`Remove ${c.title}`}
                onClick={() => onOpen({ what: 'remove', stored })}
              >
                Remove
              </Button>
            )}
          </>
        )}
      </div>
    </li>
  );
}

function routeText(c: Channel): string {
  const r = c.route;
  const parts = [
    r.critical && 'critical alerts only',
    r.noResolved && 'not when something is over',
    r.names?.length && `names ${r.names.join(', ')}`,
    r.tags?.length && `tags ${r.tags.join(', ')}`,
    r.types?.length && r.types.join(', '),
    r.categories?.length && r.categories.join(', '),
  ].filter((p): p is string => typeof p === 'string');
  return parts.join(' · ') || 'told everything';
}

function Kinds({ onChoose }: { onChoose: (kind: string) => void }) {
  const list = useQuery(plugins);
  const kinds = (list.data ?? []).filter((p) => p.capabilities.includes('notify'));
  if (list.isPending) return <TableSkeleton rows={3} />;
  if (kinds.length === 0) return <p className="text-muted">No installed plugin sends messages.</p>;
  return (
    <ul className="flex flex-col gap-2" aria-label="Kinds">
      {kinds.map((p) => (
        <li key={p.kind}>
          <button
            type="button"
            onClick={() => onChoose(p.kind)}
            className="border-line hover:bg-hover flex w-full flex-col items-start rounded-md border px-3 py-2 text-left"
          >
            <span className="font-medium">{p.name || p.kind}</span>
            {p.summary && <span className="text-muted text-sm">{p.summary}</span>}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Remove({ stored, onClose }: { stored: Integration; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => removeIntegration(stored),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: channels.queryKey });
      await client.invalidateQueries({ queryKey: integrations.queryKey });
      onClose();
    },
  });
  return (
    <Dialog title={`Remove “${stored.name}”?`} onClose={onClose}>
      <p className="text-sm">Nobody is told through it any more; what waits for it is given up.</p>
      {remove.isError && <ApiProblem title="It was not removed." error={remove.error} />}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
          Remove it
        </Button>
      </div>
    </Dialog>
  );
}

function RouteForm({ channel, onDone }: { channel: Channel; onDone: () => void }) {
  const client = useQueryClient();
  const [r, setR] = useState(channel.route);
  const [names, setNames] = useState((r.names ?? []).join(', '));
  const [tags, setTags] = useState((r.tags ?? []).join(', '));
  const save = useMutation({
    mutationFn: () => saveRoute(channel, { ...r, names: words(names), tags: words(tags) }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: channels.queryKey });
      onDone();
    },
  });
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <Checkbox
        label="Critical alerts only"
        checked={r.critical === true}
        onChange={(e) => setR({ ...r, critical: e.target.checked })}
      />
      <Checkbox
        label="Not when something is over"
        checked={r.noResolved === true}
        onChange={(e) => setR({ ...r, noResolved: e.target.checked })}
      />
      <Field
        label="Names of resources"
        hint="With * for any text, separated by commas; empty for all."
        value={names}
        onChange={(e) => setNames(e.target.value)}
      />
      <Field label="Tags" value={tags} onChange={(e) => setTags(e.target.value)} />
      {save.isError && <ApiProblem title="It was not saved." error={save.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** What could not be delivered. */
function Letters() {
  const client = useQueryClient();
  const list = useQuery(deliveries('dlq'));
  const change = useMutation({
    mutationFn: (work: () => Promise<void>) => work(),
    onSuccess: () => client.invalidateQueries({ queryKey: ['deliveries'] }),
  });
  if (!list.data) return <PartProblem title="The dead letters could not be loaded." query={list} />;
  if (list.data.length === 0) return null;
  return (
    <Section title="Dead letters" lead="Messages that could not be delivered, however often it was tried.">
      {change.isError && <ApiProblem title="It was not done." error={change.error} />}
      <ul className="bg-surface border-line rounded-lg border" aria-label="Dead letters">
        {list.data.map((d) => (
          <Message key={d.id} delivery={d}>
            <Button small busy={change.isPending} onClick={() => change.mutate(() => retryDelivery(d.id))}>
              Try again
            </Button>
            <Button
              small
              look="danger"
              busy={change.isPending}
              onClick={() => change.mutate(() => dropDelivery(d.id))}
            >
              Give up
            </Button>
          </Message>
        ))}
      </ul>
    </Section>
  );
}

function Recent() {
  const list = useQuery(deliveries('sent,pending,sending'));
  if (!list.data) return <PartProblem title="The last messages could not be loaded." query={list} />;
  if (list.data.length === 0) return null;
  return (
    <Section title="Last messages">
      <ul className="bg-surface border-line rounded-lg border" aria-label="Last messages">
        {list.data.map((d) => (
          <Message key={d.id} delivery={d} />
        ))}
      </ul>
    </Section>
  );
}

function Message({ delivery: d, children }: { delivery: Delivery; children?: React.ReactNode }) {
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2 text-sm last:border-b-0">
      <div className="min-w-0 flex-1 basis-64">
        <p className="break-words">{d.title}</p>
        <p className="text-muted text-xs">
          {d.channel} · {d.status === 'dlq' ? 'given up' : d.status}
          {d.attempts > 1 && ` after ${d.attempts} attempts`}
        </p>
        {d.lastError && <p className="text-down text-xs break-words">{d.lastError}</p>}
      </div>
      <Ago at={d.lastAttempt ?? d.created} className="text-muted text-xs" />
      {children && <div className="flex gap-1.5">{children}</div>}
    </li>
  );
}
