import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { nodes, refreshCluster, type Integration } from '@/api/integrations.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';

/** The members of the cluster that an integration asks; nothing for what is in none. */
export function ClusterMembers({ of }: { of: Integration }) {
  const client = useQueryClient();
  const list = useQuery(nodes);
  const id = `${of.kind}-${of.name}`;
  const node = list.data?.find((n) => n.id === id);
  const look = useMutation({
    mutationFn: () => refreshCluster(id),
    onSettled: () => client.invalidateQueries({ queryKey: nodes.queryKey }),
  });
  const members = node?.clusterEndpoints ?? [];
  if (!node?.isCluster || members.length === 0) return null;
  return (
    <section aria-label="Members of the cluster" className="border-line rounded-md border p-3 text-sm">
      <div className="flex flex-wrap items-baseline justify-between gap-2">
        <p>
          Cluster <b className="font-medium">{node.clusterName}</b>; its members are asked when the address
          above cannot be reached:
        </p>
        <Button small busy={look.isPending} onClick={() => look.mutate()}>
          Look again
        </Button>
      </div>
      <ul className="mt-2 flex flex-col gap-0.5 text-xs">
        {members.map((m) => (
          <li key={m.NodeName} className="flex flex-wrap gap-x-2">
            <span className="font-medium">{m.NodeName}</span>
            <span className="num text-muted">{m.IPOverride || m.IP}</span>
            {m.IPOverride && <span className="text-muted">(instead of {m.IP})</span>}
            <span className={m.Online ? 'text-muted' : 'text-down'}>{m.Online ? 'online' : 'offline'}</span>
          </li>
        ))}
      </ul>
      {look.isError && <ApiProblem title="The members were not found." error={look.error} />}
    </section>
  );
}
