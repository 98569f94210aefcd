import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { PackagePlus, Puzzle } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import { plugins } from '@/api/queries.ts';
import type { Plugin } from '@/api/types.ts';
import { bytes, number } from '@/format/number.ts';
import { StatusText } from '@/parts/mark.tsx';
import { useMay } from '@/parts/may.ts';
import { Page } from '@/parts/page.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Lasting } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { Empty } from '@/ui/message.tsx';
import { InstallDialog } from './install.tsx';
import { stateOf } from './state.ts';

/** The plugins that the server found, what they take and how they are. */
export function Plugins() {
  const list = useQuery({ ...plugins, refetchInterval: 5_000 });
  const may = useMay();
  const [installing, setInstalling] = useState(false);
  return (
    <Page
      title="Plugins"
      actions={
        may('admin:settings') && (
          <Button onClick={() => setInstalling(true)}>
            <PackagePlus size={16} aria-hidden /> Install
          </Button>
        )
      }
    >
      <p className="text-muted max-w-prose">
        Each is a program of its own. When one fails, only what it watches goes stale.
      </p>
      <Loaded query={list} failed="The plugins could not be loaded." skeleton={<TableSkeleton rows={2} />}>
        {(known) =>
          known.length === 0 ? (
            <Empty title="There are no plugins" icon={<Puzzle size={24} aria-hidden strokeWidth={1.5} />}>
              <p className="text-muted">The server found none beside its own program.</p>
              {may('admin:settings') && <Button onClick={() => setInstalling(true)}>Install one</Button>}
            </Empty>
          ) : (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Plugins">
              {known.map((p) => (
                <Row key={p.kind} plugin={p} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {installing && <InstallDialog onClose={() => setInstalling(false)} />}
    </Page>
  );
}

function Row({ plugin: p }: { plugin: Plugin }) {
  const problem = p.problem ?? p.error;
  const facts: [string, ReactNode][] = [
    ['Memory', p.memory.pss ? bytes(p.memory.pss) : undefined],
    ['Uptime', p.started ? <Lasting at={p.started} /> : undefined],
    ['Calls/min', p.calls.total > 0 ? number(Math.round(p.calls.perMinute)) : undefined],
    ['Resources', p.records > 0 ? number(p.records) : undefined],
    ['Restarts', p.restarts > 0 ? number(p.restarts) : undefined],
  ];
  return (
    <li className="border-line relative flex flex-wrap items-center gap-x-6 gap-y-2 border-b px-3 py-2.5 last:border-b-0">
      <div className="min-w-0 flex-1 basis-64">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <Link
            to="/plugins/$kind"
            params={{ kind: p.kind }}
            className="font-medium after:absolute after:inset-0 hover:underline"
          >
            {p.name || p.kind}
          </Link>
          {p.version && <span className="num text-muted text-xs">{p.version}</span>}
          {p.installed && <span className="text-muted text-xs">installed</span>}
        </p>
        {p.summary && <p className="text-muted text-xs">{p.summary}</p>}
        {problem && <p className="text-down text-xs break-words">{problem}</p>}
      </div>
      <dl className="flex flex-wrap gap-x-6 gap-y-1">
        {facts.map(
          ([label, value]) =>
            value !== undefined && (
              <div key={label} className="flex flex-col text-right">
                <dt className="text-muted text-xs">{label}</dt>
                <dd className="num text-sm" data-volatile>
                  {value}
                </dd>
              </div>
            ),
        )}
      </dl>
      <span className="w-28 text-sm">
        <StatusText status={stateOf(p.state)} word={p.state} />
      </span>
    </li>
  );
}
