import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import { linkResources, offeredMerges, reportMerge, resourceNews, unlinkResources } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { useMay } from '@/parts/may.ts';
import { Ago } from '@/parts/times.tsx';
import { Whose } from '@/parts/whose.tsx';
import { Button } from '@/ui/button.tsx';

const words: Record<string, string> = { online: 'reports', stale: 'not heard', offline: 'down' };

/** By what a machine is known, who sees it, and whether it may be the same as another one. */
export function IdentityCard({ id }: { id: string }) {
  const client = useQueryClient();
  const resource = useQuery(resourceNews(id).resource);
  const offers = useQuery(offeredMerges);
  const works = useMay()('write:nodes');
  const [sure, setSure] = useState(false);
  const decide = useMutation({
    mutationFn: (decision: () => Promise<unknown>) => decision(),
    onSuccess: async () => {
      setSure(false);
      await Promise.all([
        client.invalidateQueries({ queryKey: ['resource'] }),
        client.invalidateQueries({ queryKey: offeredMerges.queryKey }),
      ]);
    },
  });
  const r = resource.data;
  if (!r) return null; // the conditions say why
  const known: [string, readonly string[]][] = [
    ['Machine id', r.identity.machineId ? [r.identity.machineId] : []],
    ['Mainboard', r.identity.dmiUuid ? [r.identity.dmiUuid] : []],
    ['Host names', r.identity.hostnames ?? []],
    ['Addresses', r.identity.ipAddresses ?? []],
    ['Network cards', r.identity.macAddresses ?? []],
  ];
  const mine = (offers.data ?? []).filter((o) => o.a.id === r.id || o.b.id === r.id);
  return (
    <section aria-labelledby="identity" className="bg-surface border-line min-w-0 rounded-lg border">
      <h2 id="identity" className="border-line border-b px-3 py-2 font-semibold">
        Identity
      </h2>
      <dl className="grid grid-cols-[minmax(6rem,2fr)_minmax(0,3fr)] gap-x-3 gap-y-1.5 px-3 py-2.5 text-sm">
        <dt className="text-muted">Seen by</dt>
        <dd>
          {r.sources.map((source) => {
            const status = r.sourceStatus[source];
            return (
              <span key={source} className="block" title={status?.error}>
                {source}{' '}
                <span className="text-muted">
                  {words[status?.status ?? ''] ?? status?.status}
                  {status && status.status !== 'online' && (
                    <>
                      , last <Ago at={status.lastSeen} />
                    </>
                  )}
                </span>
              </span>
            );
          })}
        </dd>
        {known
          .filter(([, values]) => values.length > 0)
          .map(([label, values]) => (
            <div key={label} className="contents">
              <dt className="text-muted">{label}</dt>
              <dd className="num break-all">{values.join(', ')}</dd>
            </div>
          ))}
      </dl>
      {mine.map((o) => {
        const other = o.a.id === r.id ? o.b : o.a;
        return (
          <div
            key={other.id}
            className="border-line flex flex-wrap items-center gap-2 border-t px-3 py-2 text-sm"
          >
            <p className="min-w-0 flex-1 basis-48">
              May be the same machine as{' '}
              <Link to="/r/$id" params={{ id: other.stateId }} className="text-accent underline">
                {other.name}
              </Link>{' '}
              <Whose id={other.stateId} />{' '}
              <span className="text-muted">
                ({o.evidence}, {Math.round(o.confidence * 100)} % sure)
              </span>
            </p>
            {works && (
              <>
                <Button
                  small
                  busy={decide.isPending}
                  onClick={() => decide.mutate(() => linkResources(r.id, other.id))}
                >
                  Same machine
                </Button>
                <Button
                  small
                  busy={decide.isPending}
                  onClick={() => decide.mutate(() => unlinkResources(r.id, other.id))}
                >
                  Two machines
                </Button>
              </>
            )}
          </div>
        );
      })}
      {r.sources.length > 1 && works && (
        <div className="border-line flex flex-wrap items-center gap-2 border-t px-3 py-2 text-sm">
          <p className="text-muted min-w-0 flex-1 basis-48">
            {sure
              ? 'They will be shown as machines of their own, and stay so.'
              : 'Several sources see this machine.'}
          </p>
          {sure && (
            <Button small onClick={() => setSure(false)}>
              Cancel
            </Button>
          )}
          <Button
            small
            look={sure ? 'danger' : 'plain'}
            busy={decide.isPending}
            onClick={() => (sure ? decide.mutate(() => reportMerge(r.id)) : setSure(true))}
          >
            {sure ? 'Tell them apart' : 'They are not one machine'}
          </Button>
        </div>
      )}
      {decide.isError && <ApiProblem title="It was not stored." error={decide.error} />}
    </section>
  );
}
