import { useMutation, useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { CircleCheck, Server } from 'lucide-react';
import { useMemo, useState } from 'react';
import { createToken, securityStatus, tokens } from '@/api/queries.ts';
import { agentCommand, onlyHere, ways, type Way } from '@/hosts/command.ts';
import { useLive, useLiveSource } from '@/live/hooks.ts';
import { asPrimaryButton, Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { Empty } from '@/ui/message.tsx';
import { ApiProblem } from './api-problem.tsx';
import { Connect } from './connect.tsx';
import { useMay } from './may.ts';
import { Ago } from './times.tsx';

/** What a token for an agent may do, and the words for it. */
const rights = [
  { scope: 'host-agent:report', text: 'report hosts' },
  { scope: 'host-agent:config:read', text: 'read the agent’s own settings' },
] as const;

/** Says that nothing reports yet and how to make a machine report. */
export function NoMachine() {
  const may = useMay();
  return (
    <Empty title="No machine reports yet" icon={<Server size={28} aria-hidden strokeWidth={1.5} />}>
      <p className="text-muted max-w-prose">
        Run the agent on a machine that Pulse shall watch. It appears here within seconds.
      </p>
      <div className="flex flex-wrap justify-center gap-2">
        {may('write:nodes') && (
          <Link
            to="/$family"
            params={{ family: 'infrastructure' }}
            search={{ add: 'host' }}
            className={asPrimaryButton}
          >
            Add a host
          </Link>
        )}
        <Connect label="Connect something else" />
      </div>
    </Empty>
  );
}

/** Makes a token for a machine, shows the command that uses it, and tells when the machine has arrived. */
export function AddHost({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState('');
  const made = useMutation({
    mutationFn: () =>
      createToken(
        name.trim() || 'Agent',
        rights.map((r) => r.scope),
      ),
  });
  return (
    <Dialog title="Add a host" onClose={onClose}>
      {made.data ? (
        <Command token={made.data.token} tokenId={made.data.record.id} onClose={onClose} />
      ) : (
        <form
          className="flex flex-col gap-4 text-left"
          onSubmit={(e) => {
            e.preventDefault();
            made.mutate();
          }}
        >
          <Field
            label="Name of its token"
            autoFocus
            maxLength={100}
            placeholder="Agent"
            value={name}
            onChange={(e) => setName(e.target.value)}
            hint="To tell tokens apart in the settings. The machine itself is called after its host name."
          />
          <p className="text-muted text-sm">
            The token may {rights.map((r) => r.text).join(' and ')}, nothing else. It is valid until it is
            revoked.
          </p>
          {made.isError && <ApiProblem title="No token was made." error={made.error} />}
          <div className="flex justify-end gap-2">
            <Button onClick={onClose}>Cancel</Button>
            <Button type="submit" look="primary" busy={made.isPending}>
              Make the token
            </Button>
          </div>
        </form>
      )}
    </Dialog>
  );
}

function Command({ token, tokenId, onClose }: { token: string; tokenId: string; onClose: () => void }) {
  const status = useQuery(securityStatus);
  const [way, setWay] = useState<Way>('service');
  const url = status.data?.agentUrl || new URL('.', document.baseURI).href.replace(/\/$/, '');
  return (
    <div className="flex flex-col gap-3 text-left text-sm">
      <div role="group" aria-label="How the agent runs" className="flex gap-2">
        {ways.map((w) => (
          <Button key={w.name} small aria-pressed={w.name === way} onClick={() => setWay(w.name)}>
            {w.label}
          </Button>
        ))}
      </div>
      <p>
        Put <code className="font-mono">pulse-agent</code>, which lies beside the server’s program, onto the
        machine
        {way === 'service' ? (
          <>
            {' '}
            as <code className="font-mono">/usr/local/bin/pulse-agent</code>, and{' '}
            <code className="font-mono">installers/systemd/pulse-agent.service</code> into{' '}
            <code className="font-mono">/etc/systemd/system</code>
          </>
        ) : null}
        . Then run there:
      </p>
      <CopyText label="Command that starts the agent" text={agentCommand(way, url, token)} />
      <dl className="text-muted grid grid-cols-[auto_1fr] gap-x-3 gap-y-0.5 text-xs">
        <dt>The token may</dt>
        <dd>
          {rights.map((r) => (
            <span key={r.scope} className="block">
              {r.text} <code className="font-mono">{r.scope}</code>
            </span>
          ))}
        </dd>
        <dt>Valid</dt>
        <dd>
          until it is{' '}
          <Link to="/settings/tokens" className="text-accent underline">
            revoked
          </Link>
          ; it is shown only now
        </dd>
      </dl>
      <Warning url={url} />
      <Arrival tokenId={tokenId} />
      <div className="flex justify-end">
        <Button onClick={onClose}>Close</Button>
      </div>
    </div>
  );
}

/** Says what is wrong with the address that the agent reports to. */
function Warning({ url }: { url: string }) {
  if (onlyHere(url)) {
    return (
      <p className="text-degraded text-xs">
        This address leads to the server’s own machine only. For another machine open Pulse by its name in the
        network, or set its public address under Settings, System.
      </p>
    );
  }
  if (!url.startsWith('http://')) return null;
  return (
    <p className="text-degraded text-xs">
      This address is plain HTTP: whoever is on the network between can read the token.
    </p>
  );
}

/** Tells live what the token brought. */
function Arrival({ tokenId }: { tokenId: string }) {
  const { store } = useLiveSource();
  const [before] = useState(() => new Set(store.read().ids));
  const ids = useLive((l) => l.ids);
  const arrived = useMemo(() => ids.filter((id) => !before.has(id)), [ids, before]);
  const list = useQuery({ ...tokens, refetchInterval: 3_000 });
  const used = list.data?.find((t) => t.id === tokenId)?.lastUsedAt;
  return (
    <div role="status" className="border-line min-h-11 rounded-md border px-3 py-2.5">
      {arrived.length > 0 ? (
        <p className="flex flex-wrap items-center gap-x-2">
          <CircleCheck size={16} aria-hidden className="text-accent shrink-0" />
          {arrived.slice(0, 5).map((id) => (
            <Link key={id} to="/r/$id" params={{ id }} className="text-accent font-medium underline">
              {store.read().byId.get(id)?.name ?? id}
            </Link>
          ))}
          {arrived.length > 5 && <span>and {arrived.length - 5} more</span>}
          {arrived.length === 1 ? 'has arrived.' : 'have arrived.'}
        </p>
      ) : used ? (
        <p>
          The token was used <Ago at={used} />, but no new machine came: one that is already known reports
          again.
        </p>
      ) : (
        <p className="text-muted flex items-center gap-2">
          <span aria-hidden className="skeleton size-2 rounded-full" /> Waiting for its first report
        </p>
      )}
    </div>
  );
}
