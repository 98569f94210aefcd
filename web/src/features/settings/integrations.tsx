import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plug, Plus } from 'lucide-react';
import { useState } from 'react';
import {
  integrations,
  polled,
  removeIntegration,
  saveIntegration,
  type Integration,
  type Polled,
} from '@/api/integrations.ts';
import { plugins } from '@/api/queries.ts';
import { number } from '@/format/number.ts';
import { duration } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Dialog } from '@/ui/dialog.tsx';
import { Empty } from '@/ui/message.tsx';
import { AddAddress, type Found } from './add-address.tsx';
import { AddByCommand } from './add-by-command.tsx';
import { LookAround } from './look-around.tsx';
import { IntegrationForm } from './integration-form.tsx';
import { Section } from './section.tsx';

/** What is monitored beside reporting agents: configured uses of plugins. */
export function Integrations() {
  const list = useQuery(integrations);
  const health = useQuery(polled);
  const [editing, setEditing] = useState<Integration | 'new'>();
  const [removing, setRemoving] = useState<Integration>();
  return (
    <Section
      title="Integrations"
      lead="What Pulse asks by itself, each through its plugin. Hosts with an agent report on their own and need none."
      action={
        <Button look="primary" onClick={() => setEditing('new')}>
          <Plus size={16} aria-hidden /> New integration
        </Button>
      }
    >
      <Loaded
        query={list}
        failed="The integrations could not be loaded."
        skeleton={<TableSkeleton rows={2} />}
      >
        {(known) =>
          known.length === 0 ? (
            <Empty title="There are no integrations" icon={<Plug size={24} aria-hidden strokeWidth={1.5} />}>
              <p className="text-muted">Make one for each system that Pulse should ask.</p>
              <Button onClick={() => setEditing('new')}>Make an integration</Button>
            </Empty>
          ) : (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Integrations">
              {known.map((x) => (
                <Row
                  key={x.id}
                  x={x}
                  joined={known.find((other) => other.id === x.joined)}
                  polled={health.data?.find((p) => p.type === x.kind && p.instance === x.name)}
                  onEdit={() => setEditing(x)}
                  onRemove={() => setRemoving(x)}
                />
              ))}
            </ul>
          )
        }
      </Loaded>
      {editing === 'new' && <NewDialog onClose={() => setEditing(undefined)} />}
      {editing !== undefined && editing !== 'new' && (
        <Dialog
          careful
          title={`${editing.origin ? 'Integration' : 'Change'} “${editing.title || editing.name}”`}
          onClose={() => setEditing(undefined)}
        >
          <IntegrationForm kind={editing.kind} stored={editing} onDone={() => setEditing(undefined)} />
        </Dialog>
      )}
      {removing && <RemoveDialog x={removing} onClose={() => setRemoving(undefined)} />}
    </Section>
  );
}

function Row({
  x,
  joined,
  polled,
  onEdit,
  onRemove,
}: {
  x: Integration;
  /** Which one is asked in its place. */
  joined: Integration | undefined;
  polled: Polled | undefined;
  onEdit: () => void;
  onRemove: () => void;
}) {
  const client = useQueryClient();
  const turn = useMutation({
    mutationFn: () => saveIntegration({ ...x, title: x.title ?? '', enabled: !x.enabled }),
    onSettled: () => client.invalidateQueries({ queryKey: integrations.queryKey }),
  });
  const last = Math.max(0, ...x.status.tasks.map((t) => t.lastSuccess ?? 0));
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0 xl:grid xl:grid-cols-[minmax(0,1fr)_8rem_8rem_15rem]">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium break-all">{x.title || x.name}</span>
          <span className="text-muted text-sm">
            {x.kind}
            {x.title && ` · ${x.name}`}
          </span>
        </p>
        {polled?.connection && <p className="text-muted text-xs break-all">{polled.connection}</p>}
        {x.origin && (
          <p className="text-muted text-xs">
            Owned by <code className="font-mono">{x.origin}</code>: change it there.
          </p>
        )}
        {joined && (
          <p className="text-xs">
            Asks the same cluster as {joined.title || joined.name}, which goes on with its history. Enable it
            to have it asked by itself.
          </p>
        )}
        {x.status.error && <p className="text-down text-xs break-words">{x.status.error}</p>}
        {turn.isError && <ApiProblem title="It was not changed." error={turn.error} />}
      </div>
      {polled ? <Effort polled={polled} /> : <span className="max-xl:hidden" />}
      <p className="text-muted w-44 text-xs xl:w-auto">
        <span className={cx('font-medium', x.status.state === 'failing' ? 'text-down' : 'text-text')}>
          {joined ? 'merged' : x.status.state}
        </span>
        <br />
        {last > 0 && (
          <span>
            read <Ago at={last} />
          </span>
        )}
      </p>
      <div className="ml-auto flex gap-2">
        <Button small onClick={onEdit} aria-label={`${x.origin ? 'Show' : 'Change'} ${x.name}`}>
          {x.origin ? 'Show' : 'Change'}
        </Button>
        {!x.origin && (
          <Button
            small
            busy={turn.isPending}
            aria-label={`${x.enabled ? 'Disable' : 'Enable'} ${x.name}`}
            onClick={() => turn.mutate()}
          >
            {x.enabled ? 'Disable' : 'Enable'}
          </Button>
        )}
        {!x.origin && (
          <Button small look="danger" aria-label={`Remove ${x.name}`} onClick={onRemove}>
            Remove
          </Button>
        )}
      </div>
    </li>
  );
}

/** What asking costs, and since when it fails. */
function Effort({ polled: p }: { polled: Polled }) {
  const now = useNow();
  const failing = p.tasks.filter((t) => t.failures > 0);
  const since = p.pollStatus.firstFailureAt ? Date.parse(p.pollStatus.firstFailureAt) : undefined;
  return (
    <p className="num text-muted w-44 text-xs xl:w-auto">
      {(p.callsPerMinute ?? 0) > 0 && <>{number(p.callsPerMinute)} calls a minute</>}
      {failing.length > 0 && (
        <span className="text-down block">
          {failing.length} of {p.tasks.length} tasks fail
          {since !== undefined && (
            <>
              {' '}
              since <Ago at={since} />
            </>
          )}
        </span>
      )}
      {p.breaker.retryAt && (
        <span className="block">asked again in {duration((Date.parse(p.breaker.retryAt) - now) / 1000)}</span>
      )}
    </p>
  );
}

function NewDialog({ onClose }: { onClose: () => void }) {
  const list = useQuery(plugins);
  const [kind, setKind] = useState<string>();
  const [address, setAddress] = useState('');
  const [byCommand, setByCommand] = useState(false);
  const [found, setFound] = useState<Found>();
  const plugin = list.data?.find((p) => p.kind === kind);
  const back = () => {
    setKind(undefined);
    setFound(undefined);
    setByCommand(false);
  };
  if (kind !== undefined) {
    const title = plugin?.name || kind;
    return (
      <Dialog careful={!byCommand} title={`Add ${title}`} onClose={onClose}>
        {byCommand ? (
          <AddByCommand
            kind={kind}
            title={title}
            address={address}
            onByHand={() => setByCommand(false)}
            onClose={onClose}
          />
        ) : plugin?.capabilities.includes('probe') && !found ? (
          <AddAddress
            kind={kind}
            title={title}
            address={address}
            byCommand={
              plugin.capabilities.includes('onboard')
                ? (at) => {
                    setAddress(at);
                    setByCommand(true);
                  }
                : undefined
            }
            onCredentials={setFound}
          />
        ) : (
          <IntegrationForm kind={kind} initial={found} onDone={onClose} />
        )}
        <p className="mt-3">
          <button type="button" className="text-muted text-sm underline" onClick={back}>
            Choose something else
          </button>
        </p>
      </Dialog>
    );
  }
  // What tells people is made among the channels of the alerts.
  const choices = (list.data ?? []).filter((p) => p.configurable && !p.capabilities.includes('notify'));
  return (
    <Dialog title="New integration" onClose={onClose}>
      {list.isPending ? (
        <TableSkeleton rows={3} />
      ) : list.data === undefined ? (
        <ApiProblem title="The plugins could not be loaded." error={list.error} />
      ) : choices.length === 0 ? (
        <p className="text-muted">No installed plugin takes an integration.</p>
      ) : (
        <ul className="flex flex-col gap-2" aria-label="Kinds">
          {choices.map((p) => (
            <li key={p.kind}>
              <button
                type="button"
                onClick={() => setKind(p.kind)}
                className="border-line hover:bg-hover flex w-full flex-col items-start rounded-md border px-3 py-2 text-left"
              >
                <span className="font-medium">{p.name || p.kind}</span>
                {p.summary && <span className="text-muted text-sm">{p.summary}</span>}
              </button>
            </li>
          ))}
        </ul>
      )}
      {choices.some((p) => p.capabilities.includes('probe')) && (
        <LookAround
          names={new Map(choices.map((p) => [p.kind, p.name || p.kind]))}
          onChoose={(chosen, at) => {
            setAddress(at);
            setKind(chosen);
          }}
        />
      )}
    </Dialog>
  );
}

function RemoveDialog({ x, onClose }: { x: Integration; onClose: () => void }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => removeIntegration(x),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: integrations.queryKey });
      onClose();
    },
  });
  return (
    <Dialog title={`Remove “${x.title || x.name}”?`} onClose={onClose}>
      <p className="text-sm">
        Everything that it brought goes with it: its resources, their charts and their history. This cannot be
        undone. To keep them, disable it instead.
      </p>
      {remove.isError && (
        <div className="mt-3">
          <ApiProblem title="It was not removed." error={remove.error} />
        </div>
      )}
      <div className="mt-4 flex justify-end gap-2">
        <Button onClick={onClose}>Keep it</Button>
        <Button look="danger" busy={remove.isPending} onClick={() => remove.mutate()}>
          Remove it
        </Button>
      </div>
    </Dialog>
  );
}
