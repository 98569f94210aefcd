import { useMutation, useQuery } from '@tanstack/react-query';
import { CircleCheck, TriangleAlert } from 'lucide-react';
import { useState } from 'react';
import { integrations, makeSetup, type Integration, type Setup } from '@/api/integrations.ts';
import { duration } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';

/** Shows the command that has a system introduce itself, and tells when it has arrived and works. */
export function AddByCommand({
  kind,
  title,
  address,
  onByHand,
  onClose,
}: {
  kind: string;
  title: string;
  /** Where it was found. */
  address: string;
  onByHand: () => void;
  onClose: () => void;
}) {
  const [host, setHost] = useState(address);
  const [perms, setPerms] = useState(false);
  const made = useMutation({ mutationFn: () => makeSetup(kind, host.trim(), perms) });
  const list = useQuery(integrations);
  // What was there before the command was made.
  const [before, setBefore] = useState<ReadonlyMap<string, number>>();
  if (made.data && before) {
    return (
      <Command
        setup={made.data}
        kind={kind}
        title={title}
        before={before}
        again={() => made.reset()}
        onClose={onClose}
      />
    );
  }
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        setBefore(new Map((list.data ?? []).map((x) => [x.id, x.revision])));
        made.mutate();
      }}
    >
      <p className="text-sm">
        Pulse makes a command for a shell on the system itself. It makes an account that may only read, says
        what it does before it does it, and tells Pulse of it.
      </p>
      <Field
        label="Address"
        autoFocus
        placeholder="found by itself"
        hint="How Pulse reaches it, when that is another address than the one by which it reaches Pulse."
        value={host}
        onChange={(e) => setHost(e.target.value)}
      />
      <Checkbox
        label="Let it list backups on storage"
        hint="Where a product needs more than reading for that: the account may change storage then, too."
        checked={perms}
        onChange={(e) => setPerms(e.target.checked)}
      />
      {made.isError && <ApiProblem title="No command was made." error={made.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onByHand}>Enter a token by hand</Button>
        <Button type="submit" look="primary" busy={made.isPending} disabled={list.isPending}>
          Make the command
        </Button>
      </div>
    </form>
  );
}

function Command({
  setup,
  kind,
  title,
  before,
  again,
  onClose,
}: {
  setup: Setup;
  kind: string;
  title: string;
  before: ReadonlyMap<string, number>;
  again: () => void;
  onClose: () => void;
}) {
  const now = useNow(1000);
  const left = setup.expires - now / 1000;
  const list = useQuery({ ...integrations, refetchInterval: 2_000 });
  const arrived = list.data?.find((x) => x.kind === kind && before.get(x.id) !== x.revision);
  return (
    <div className="flex flex-col gap-3 text-sm">
      <p>Run this as root on {title}, on one member when it is a cluster:</p>
      <CopyText label="Command that adds the system" text={setup.command} />
      {!arrived && (
        <p className="text-muted text-xs">
          {left > 0 ? (
            <>Its token works once, for {duration(left)} more.</>
          ) : (
            <span className="text-degraded">Its token has expired. Make another command.</span>
          )}
        </p>
      )}
      <div role="status" className="border-line min-h-11 rounded-md border px-3 py-2.5">
        {arrived ? <Arrived x={arrived} /> : <p className="text-muted">Waiting for it</p>}
      </div>
      <div className="flex justify-end gap-2">
        {!arrived && left <= 0 && <Button onClick={again}>Make another</Button>}
        <Button look={arrived ? 'primary' : 'plain'} onClick={onClose}>
          Close
        </Button>
      </div>
    </div>
  );
}

function Arrived({ x }: { x: Integration }) {
  const name = x.title || x.name;
  const read = x.status.tasks.some((t) => (t.lastSuccess ?? 0) > 0);
  if (x.status.state === 'failing') {
    return (
      <p className="flex gap-2">
        <TriangleAlert size={16} aria-hidden className="text-degraded mt-0.5 shrink-0" />
        <span className="min-w-0 break-words">
          <b className="font-medium">{name}</b> was added, but asking it fails: {x.status.error}
        </span>
      </p>
    );
  }
  return (
    <p className="flex items-center gap-2">
      <CircleCheck size={16} aria-hidden className="text-accent shrink-0" />
      <span>
        <b className="font-medium">{name}</b>{' '}
        {read ? 'has arrived, and Pulse reads it.' : 'was added; Pulse asks it now.'}
      </span>
    </p>
  );
}
