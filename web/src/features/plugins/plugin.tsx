import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate, useParams } from '@tanstack/react-router';
import { ChevronRight } from 'lucide-react';
import { useState, type ReactNode } from 'react';
import {
  plugin,
  removePlugin,
  turn,
  type PluginDetail,
  type PluginTask,
  type Switch,
} from '@/api/plugins.ts';
import { ApiError } from '@/api/client.ts';
import { bytes, number } from '@/format/number.ts';
import { duration } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { StatusText } from '@/parts/mark.tsx';
import { useMay } from '@/parts/may.ts';
import { Page } from '@/parts/page.tsx';
import { Loaded, OfWhen } from '@/parts/loaded.tsx';
import { Ago, Lasting } from '@/parts/times.tsx';
import { asButton, Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Empty } from '@/ui/message.tsx';
import { Logs } from './logs.tsx';
import { stateOf } from './state.ts';

/** One plugin: its process, what it is busy with, what it wrote, and its switches. */
export function PluginPage() {
  const { kind } = useParams({ from: '/shell/plugins/$kind' });
  const found = useQuery(plugin(kind));
  if (found.data) return <Known key={kind} detail={found.data} age={<OfWhen query={found} />} />;
  const missing = found.error instanceof ApiError && found.error.status === 404;
  return (
    <Page title={missing ? 'Not found' : kind}>
      {missing ? (
        <Empty title="There is no such plugin">
          <Link to="/plugins" className={asButton}>
            Go to the plugins
          </Link>
        </Empty>
      ) : (
        <Loaded query={found} failed="The plugin could not be loaded.">
          {() => null}
        </Loaded>
      )}
    </Page>
  );
}

function Known({ detail, age: ofWhen }: { detail: PluginDetail; age: ReactNode }) {
  const p = detail.plugin;
  const works = useMay()('admin:settings');
  const problem = p.problem ?? p.error;
  return (
    <Page
      title={p.name || p.kind}
      heading={
        <div className="min-w-0">
          <nav aria-label="Where this is" className="text-muted flex items-center gap-1 text-sm">
            <Link to="/plugins" className="hover:text-text hover:underline">
              Plugins
            </Link>
            <ChevronRight size={14} aria-hidden />
            <span>{p.kind}</span>
          </nav>
          <div className="flex flex-wrap items-center gap-x-3">
            <h1 className="text-xl font-semibold tracking-tight">{p.name || p.kind}</h1>
            <span className="num text-muted text-sm">{p.version}</span>
            <StatusText status={stateOf(p.state)} word={p.state} />
          </div>
        </div>
      }
      actions={works && <Switches detail={detail} />}
    >
      {ofWhen}
      {p.summary && <p className="text-muted">{p.summary}</p>}
      {problem && (
        <p role="status" className="bg-down-soft rounded-md px-3 py-2 text-sm break-words">
          {problem}
        </p>
      )}
      <Numbers detail={detail} />
      <Instances detail={detail} />
      <Tasks tasks={detail.tasks} />
      <Warnings detail={detail} />
      {works && <Logs kind={p.kind} />}
    </Page>
  );
}

function Numbers({ detail: { plugin: p } }: { detail: PluginDetail }) {
  const limit = p.memory.limit ? ` of ${bytes(p.memory.limit)}` : '';
  const cells: [string, ReactNode][] = [
    ['Process', p.pid ? String(p.pid) : '–'],
    ['Memory', p.memory.pss ? `${bytes(p.memory.pss)}${limit}` : '–'],
    ['Processor time', p.pid ? duration(p.cpuSeconds) : '–'],
    ['Uptime', p.started ? <Lasting at={p.started} /> : '–'],
    ['Restarts', number(p.restarts)],
    ['Calls a minute', number(Math.round(p.calls.perMinute))],
    ['Failed calls', `${number(p.calls.failed)} of ${number(p.calls.total)}`],
    ['Resources', number(p.records)],
    ['Series', number(p.series)],
  ];
  return (
    <dl className="bg-surface border-line grid grid-cols-[repeat(auto-fill,minmax(9rem,1fr))] overflow-hidden rounded-lg border">
      {cells.map(([label, value]) => (
        <div key={label} className="outline-line flex flex-col gap-1 px-3 py-2.5 outline-1">
          <dt className="text-muted text-xs">{label}</dt>
          <dd className="num font-semibold" data-volatile>
            {value}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Instances({ detail: { plugin: p } }: { detail: PluginDetail }) {
  const all = Object.entries(p.instances ?? {});
  if (all.length === 0) return null;
  return (
    <section aria-label="Integrations" className="flex flex-col gap-2">
      <h2 className="font-semibold">Integrations</h2>
      <ul className="bg-surface border-line rounded-lg border text-sm">
        {all.map(([id, problem]) => (
          <li key={id} className="border-line flex flex-wrap gap-x-4 border-b px-3 py-2 last:border-b-0">
            <span className="font-medium break-all">{id}</span>
            {problem ? (
              <span className="text-down min-w-0 break-words">{problem}</span>
            ) : (
              <span className="text-muted">works</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function Tasks({ tasks }: { tasks: readonly PluginTask[] }) {
  const now = useNow();
  if (tasks.length === 0) return null;
  return (
    <section aria-label="Tasks" className="flex min-w-0 flex-col gap-2">
      <h2 className="font-semibold">Tasks</h2>
      <div
        className="bg-surface border-line overflow-x-auto rounded-lg border"
        tabIndex={0}
        role="group"
        aria-label="Table of tasks"
      >
        <table className="w-full text-sm">
          <thead>
            <tr className="border-line text-muted border-b text-left text-xs">
              {['Integration', 'Task', 'Last read', 'Took', 'Next', 'Error'].map((h) => (
                <th key={h} scope="col" className="px-3 py-2 font-normal whitespace-nowrap">
                  {h}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {tasks.map((t) => (
              <tr key={`${t.integration} ${t.name}`} className="border-line border-b last:border-b-0">
                <td className="px-3 py-2">{t.integration}</td>
                <td className="px-3 py-2">{t.name}</td>
                <td className="num px-3 py-2 whitespace-nowrap">
                  {t.lastSuccess ? <Ago at={t.lastSuccess} /> : 'never'}
                </td>
                <td className="num px-3 py-2 whitespace-nowrap">
                  {t.lastTook === undefined ? '–' : `${number(t.lastTook)} ms`}
                </td>
                <td className="num px-3 py-2 whitespace-nowrap">
                  {t.running
                    ? 'running'
                    : t.next
                      ? `in ${duration(Math.max(0, Math.round((t.next - now) / 1000)))}`
                      : '–'}
                </td>
                <td className="text-down min-w-48 px-3 py-2 break-words">{t.error}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function Warnings({ detail }: { detail: PluginDetail }) {
  if (detail.warnings.length === 0) return null;
  return (
    <section aria-label="Refused" className="flex flex-col gap-2">
      <h2 className="font-semibold">What was refused</h2>
      <ul className="bg-surface border-line rounded-lg border text-sm">
        {detail.warnings.map((w, i) => (
          <li key={i} className="border-line border-b px-3 py-2 last:border-b-0">
            <span className="break-words">{w.text}</span>
            <span className="text-muted block text-xs">
              {w.integration}, {w.task}: {number(w.count)} times, last <Ago at={w.last} />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Switches({ detail: { plugin: p } }: { detail: PluginDetail }) {
  const client = useQueryClient();
  const [asking, setAsking] = useState<'disable' | 'remove'>();
  const change = useMutation({
    mutationFn: (what: Switch) => turn(p.kind, what),
    onSuccess: (next) => {
      client.setQueryData(plugin(p.kind).queryKey, next);
      setAsking(undefined);
    },
  });
  return (
    <div className="flex flex-wrap items-center gap-2">
      {change.isError && <ApiProblem title="Nothing was changed." error={change.error} />}
      {p.enabled ? (
        <>
          <Button busy={change.isPending} onClick={() => change.mutate('restart')}>
            Restart
          </Button>
          <Button onClick={() => setAsking('disable')}>Disable</Button>
        </>
      ) : (
        <Button look="primary" busy={change.isPending} onClick={() => change.mutate('enable')}>
          Enable
        </Button>
      )}
      {p.installed && (
        <Button look="danger" onClick={() => setAsking('remove')}>
          Remove
        </Button>
      )}
      {asking === 'disable' && (
        <Dialog title={`Disable ${p.name || p.kind}?`} onClose={() => setAsking(undefined)}>
          <p className="text-sm">
            Its process ends. What it watches goes stale and keeps its history; reports that only it can read
            are kept by their agents until it is back.
          </p>
          <div className="mt-4 flex justify-end gap-2">
            <Button onClick={() => setAsking(undefined)}>Keep it on</Button>
            <Button look="danger" busy={change.isPending} onClick={() => change.mutate('disable')}>
              Disable it
            </Button>
          </div>
        </Dialog>
      )}
      {asking === 'remove' && <RemoveDialog detail={p} onClose={() => setAsking(undefined)} />}
    </div>
  );
}

function RemoveDialog({ detail: p, onClose }: { detail: PluginDetail['plugin']; onClose: () => void }) {
  const client = useQueryClient();
  const navigate = useNavigate();
  const remove = useMutation({
    mutationFn: () => removePlugin(p.kind),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['plugins'] });
      void navigate({ to: '/plugins' });
    },
  });
  return (
    <Dialog title={`Remove ${p.name || p.kind}?`} onClose={onClose}>
      <p className="text-sm">
        Its program is deleted from the server. Its integrations stay and do nothing until it is installed
        again.
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
