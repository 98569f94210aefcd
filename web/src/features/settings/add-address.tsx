import { useMutation } from '@tanstack/react-query';
import { CircleCheck } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { probeAddress, type Network, type Probed } from '@/api/integrations.ts';
import type { Value } from '@/form/value.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { Field } from '@/ui/field.tsx';
import { fingerprint } from './network.tsx';

/** What is known of a new integration before its credentials are. */
export interface Found {
  name: string;
  config: Value;
  network: Network;
}

const local = /^(https?:\/\/)?(localhost|127\.|\[?::1)/i;

/** Who writes down this machine means it. */
function networkFor(address: string): Network {
  return local.test(address.trim()) ? { allowLoopback: true } : {};
}

/** A name for an integration, of what a system calls itself or of its address. */
function nameOf(text: string): string {
  return (
    text
      .toLowerCase()
      .split('.')[0]
      ?.replace(/[^a-z0-9_-]+/g, '-')
      .replace(/^[-_]+|[-_]+$/g, '')
      .slice(0, 58) ?? ''
  );
}

/** The first step of adding a system: its address, who answers there, and whether that is the one that is meant. */
export function AddAddress({
  kind,
  title,
  address: given,
  byCommand,
  onCredentials,
}: {
  kind: string;
  title: string;
  /** Where it was found in the network. */
  address: string;
  /** Goes on with a command that makes the account, where the plugin has one. */
  byCommand: ((address: string) => void) | undefined;
  onCredentials: (found: Found) => void;
}) {
  const [address, setAddress] = useState(given);
  const look = useMutation({ mutationFn: (at: string) => probeAddress(kind, at, networkFor(at)) });
  const begun = useRef(false);
  const { mutate } = look;
  useEffect(() => {
    if (given === '' || begun.current) return;
    begun.current = true;
    mutate(given);
  }, [given, mutate]);
  const enter = (at: string, name: string, pins: Network['pins']) =>
    onCredentials({
      name: nameOf(name),
      config: { host: at },
      network: { ...networkFor(at), ...(pins && { pins }) },
    });
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        look.mutate(address);
      }}
    >
      <Field
        label="Address"
        autoFocus
        required
        placeholder="pve1.example.com or 192.168.1.10"
        hint={`How Pulse reaches ${title}; one member when it is a cluster. A port is needed only where it is not the usual one.`}
        value={address}
        onChange={(e) => {
          setAddress(e.target.value);
          look.reset();
        }}
      />
      {look.isError && <ApiProblem title="Nobody could be asked." error={look.error} />}
      {look.data && <Answer found={look.data} title={title} />}
      <div className="flex flex-wrap justify-end gap-2">
        {byCommand && <Button onClick={() => byCommand(address.trim())}>Have a command add it</Button>}
        {look.data && !look.data.ok && (
          <Button onClick={() => enter(look.data.url, address, undefined)}>Go on all the same</Button>
        )}
        {look.data?.ok ? (
          <>
            <Button onClick={() => enter(look.data.url, look.data.name || address, undefined)}>
              Verify as a browser does
            </Button>
            <Button
              look="primary"
              onClick={() =>
                enter(look.data.url, look.data.name || address, {
                  [look.data.address]: look.data.certificateSha256 ?? '',
                })
              }
            >
              Trust this certificate
            </Button>
          </>
        ) : (
          <Button type="submit" look="primary" busy={look.isPending} disabled={address.trim() === ''}>
            Look who answers
          </Button>
        )}
      </div>
    </form>
  );
}

function Answer({ found, title }: { found: Probed; title: string }) {
  if (!found.ok) {
    return (
      <div role="status" className="border-line rounded-md border p-3 text-sm">
        <p className="text-down font-medium">{found.failure}</p>
        <p className="text-muted mt-1">
          {found.address} was asked for {title}. Check the address and port, and that a firewall lets Pulse
          through.
        </p>
      </div>
    );
  }
  return (
    <div role="status" className="border-line flex flex-col gap-2 rounded-md border p-3 text-sm">
      <p className="flex items-center gap-2">
        <CircleCheck size={16} aria-hidden className="text-accent shrink-0" />
        <span>
          <b className="font-medium">{found.name || found.address}</b> answers: {title} {found.version}
        </span>
      </p>
      {found.certificateSha256 && (
        <p>
          Its certificate, to be compared with the one that the system itself shows:
          <code className="bg-page mt-1 block rounded p-2 font-mono text-xs break-all">
            {fingerprint(found.certificateSha256)}
          </code>
        </p>
      )}
    </div>
  );
}
