import { useQuery } from '@tanstack/react-query';
import { Puzzle } from 'lucide-react';
import { plugins } from '@/api/queries.ts';
import type { Plugin } from '@/api/types.ts';
import type { Status } from '@/live/status.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { StatusText } from '@/parts/mark.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Empty } from '@/ui/message.tsx';
import { Section } from './section.tsx';

/** The plugins that the server found, and how they are. */
export function Plugins() {
  const list = useQuery(plugins);
  return (
    <Section
      title="Plugins"
      lead="Each is a program of its own; when one fails, only what it watches goes stale."
    >
      {list.isPending ? (
        <TableSkeleton rows={2} />
      ) : list.isError ? (
        <ApiProblem
          title="The plugins could not be loaded."
          error={list.error}
          retry={() => void list.refetch()}
        />
      ) : list.data.length === 0 ? (
        <Empty title="There are no plugins" icon={<Puzzle size={24} aria-hidden strokeWidth={1.5} />}>
          <p className="text-muted">The server found none beside its own program.</p>
        </Empty>
      ) : (
        <ul className="bg-surface border-line rounded-lg border" aria-label="Plugins">
          {list.data.map((p) => (
            <PluginRow key={p.kind} plugin={p} />
          ))}
        </ul>
      )}
    </Section>
  );
}

/** The words for the life of a process, on the scale of states. */
const states: Record<string, Status> = {
  idle: 'fine',
  starting: 'fine',
  ready: 'fine',
  stopped: 'fine',
  backoff: 'degraded',
  quarantined: 'down',
  unusable: 'down',
};

function PluginRow({ plugin: p }: { plugin: Plugin }) {
  const problem = p.problem ?? p.error;
  return (
    <li className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="font-medium">{p.name || p.kind}</span>
          {p.version && <span className="num text-muted text-xs">{p.version}</span>}
        </p>
        {p.summary && <p className="text-muted text-xs">{p.summary}</p>}
        {problem && <p className="text-down text-xs break-words">{problem}</p>}
      </div>
      <p className="num text-muted text-xs">
        {[p.pid ? `process ${p.pid}` : '', p.restarts ? `${p.restarts} restarts` : '']
          .filter(Boolean)
          .join(' · ')}
      </p>
      <span className="w-28 text-sm">
        <StatusText status={states[p.state] ?? 'unknown'} word={p.state} />
      </span>
    </li>
  );
}
