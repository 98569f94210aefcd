import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { discovered, lookAround, stopLooking } from '@/api/integrations.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { Field } from '@/ui/field.tsx';
import { Progress } from '@/ui/progress.tsx';

/** How far a scan is. */
function ScanProgress() {
  const { data } = useQuery({
    queryKey: ['discovered'],
    queryFn: discovered,
    refetchInterval: 700,
    gcTime: 0,
  });
  const stop = useMutation({ mutationFn: stopLooking });
  const { done = 0, total = 0, found = 0 } = data?.progress ?? {};
  return (
    <div className="text-muted flex flex-col gap-1 text-xs">
      <Progress label="Looked at" share={total ? done / total : 0} />
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p>{total ? `${done} of ${total} addresses looked at, ${found} found.` : 'It begins.'}</p>
        <Button small busy={stop.isPending} onClick={() => stop.mutate()}>
          Stop
        </Button>
      </div>
    </div>
  );
}

/** Looks through the network for systems that plugins recognise. */
export function LookAround({
  names,
  onChoose,
}: {
  /** What plugins are called, by their kind. */
  names: ReadonlyMap<string, string>;
  onChoose: (kind: string, address: string) => void;
}) {
  const [subnet, setSubnet] = useState('');
  const look = useMutation({ mutationFn: () => lookAround(subnet.trim()) });
  const found = look.data?.servers ?? [];
  return (
    <form
      aria-label="Look in the network"
      className="border-line mt-4 flex flex-col gap-3 border-t pt-4"
      onSubmit={(e) => {
        e.preventDefault();
        look.mutate();
      }}
    >
      <div className="flex flex-wrap items-end gap-2">
        <div className="min-w-0 flex-1 basis-48">
          <Field
            label="Or look in the network"
            placeholder="that of the server"
            value={subnet}
            onChange={(e) => setSubnet(e.target.value)}
          />
        </div>
        <Button type="submit" busy={look.isPending}>
          Look around
        </Button>
      </div>
      <p className="text-muted text-xs">
        A private network such as 192.168.1.0/24. Only a page that anyone may read is asked for.
      </p>
      {look.isPending && <ScanProgress />}
      {look.isError && <ApiProblem title="The network was not looked through." error={look.error} />}
      {look.data && (
        <div role="status" className="flex flex-col gap-2 text-sm">
          {found.length === 0 && (
            <p>
              Nothing was found in {look.data.environment?.phases[0]?.subnets.join(', ') ?? 'any network'}.
            </p>
          )}
          <ul className="flex flex-col gap-2" aria-label="Found">
            {found.map((s) => (
              <li key={`${s.ip}:${s.port}`}>
                <button
                  type="button"
                  onClick={() =>
                    onChoose(s.type, `https://${s.ip.includes(':') ? `[${s.ip}]` : s.ip}:${s.port}`)
                  }
                  className="border-line hover:bg-hover flex w-full flex-wrap items-baseline gap-x-2 rounded-md border px-3 py-2 text-left"
                >
                  <span className="font-medium">{s.hostname || s.ip}</span>
                  <span className="text-muted">
                    {names.get(s.type) ?? s.type} {s.version}
                  </span>
                  <span className="num text-muted ml-auto text-xs">
                    {s.ip}:{s.port}
                  </span>
                </button>
              </li>
            ))}
          </ul>
          {look.data.errors.slice(0, 5).map((text) => (
            <p key={text} className="text-muted text-xs break-words">
              {text}
            </p>
          ))}
        </div>
      )}
    </form>
  );
}
