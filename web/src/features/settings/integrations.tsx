import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plug, Plus } from 'lucide-react';
import { useState } from 'react';
import { integrations, removeIntegration, type Integration } from '@/api/integrations.ts';
import { plugins } from '@/api/queries.ts';
import { ago, exactTime } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Button } from '@/ui/button.tsx';
import { cx } from '@/ui/cx.ts';
import { Dialog } from '@/ui/dialog.tsx';
import { Empty } from '@/ui/message.tsx';
import { IntegrationForm } from './integration-form.tsx';
import { Section } from './section.tsx';

/** What is monitored beside reporting agents: configured uses of plugins. */
export function Integrations() {
  const list = useQuery(integrations);
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
      {list.isPending ? (
        <TableSkeleton rows={2} />
      ) : list.data === undefined ? (
        <ApiProblem
          title="The integrations could not be loaded."
          error={list.error}
          retry={() => void list.refetch()}
        />
      ) : list.data.length === 0 ? (
        <Empty title="There are no integrations" icon={<Plug size={24} aria-hidden strokeWidth={1.5} />}>
          <p className="text-muted">Make one for each system that Pulse should ask.</p>
        </Empty>
      ) : (
        <ul className="bg-surface border-line rounded-lg border" aria-label="Integrations">
          {list.data.map((x) => (
            <Row key={x.id} x={x} onEdit={() => setEditing(x)} onRemove={() => setRemoving(x)} />
          ))}
        </ul>
      )}
      {editing === 'new' && <NewDialog onClose={() => setEditing(undefined)} />}
      {editing !== undefined && editing !== 'new' && (
        <Dialog
          title={`${editing.origin ? 'Integration' : 'Change'} “${editing.name}”`}
          onClose={() => setEditing(undefined)}
        >
          <IntegrationForm kind={editing.kind} stored={editing} onDone={() => setEditing(undefined)} />
        </Dialog>
      )}
      {removing && <RemoveDialog x={removing} onClose={() => setRemoving(undefined)} />}
    </Section>
  );
}

function Row({ x, onEdit, onRemove }: { x: Integration; onEdit: () => void; onRemove: () => void }) {
  const now = useNow();
  const last = Math.max(0, ...x.status.tasks.map((t) => t.lastSuccess ?? 0));
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium break-all">{x.name}</span>
          <span className="text-muted text-sm">{x.kind}</span>
        </p>
        {x.origin && (
          <p className="text-muted text-xs">
            Owned by <code className="font-mono">{x.origin}</code>: change it there.
          </p>
        )}
        {x.status.error && <p className="text-down text-xs break-words">{x.status.error}</p>}
      </div>
      <p className="text-muted w-44 text-xs">
        <span className={cx('font-medium', x.status.state === 'failing' ? 'text-down' : 'text-text')}>
          {x.status.state}
        </span>
        <br />
        {last > 0 && <span title={exactTime(last)}>read {ago(last, now)}</span>}
      </p>
      <div className="flex gap-2">
        <Button small onClick={onEdit} aria-label={`${x.origin ? 'Show' : 'Change'} ${x.name}`}>
          {x.origin ? 'Show' : 'Change'}
        </Button>
        {!x.origin && (
          <Button small look="danger" aria-label={`Remove ${x.name}`} onClick={onRemove}>
            Remove
          </Button>
        )}
      </div>
    </li>
  );
}

function NewDialog({ onClose }: { onClose: () => void }) {
  const list = useQuery(plugins);
  const [kind, setKind] = useState<string>();
  if (kind !== undefined) {
    return (
      <Dialog title="New integration" onClose={onClose}>
        <IntegrationForm kind={kind} onDone={onClose} />
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
    <Dialog title={`Remove “${x.name}”?`} onClose={onClose}>
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
