import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useSearch } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { act, addNote, incident, type Incident as Story } from '@/api/alerts.ts';
import { duration, instant } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { StatusText } from '@/parts/mark.tsx';
import { useMay } from '@/parts/may.ts';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Ago, Exactly, Lasting } from '@/parts/times.tsx';
import { Whose } from '@/parts/whose.tsx';
import { asButton, Button } from '@/ui/button.tsx';
import { Field } from '@/ui/field.tsx';
import { Empty } from '@/ui/message.tsx';
import { Why } from './why.tsx';

/** One firing: what it is about, why it fires, and what happened since. */
export function Incident() {
  const { id = '' } = useSearch({ from: '/shell/alerts/incident' });
  const found = useQuery(incident(id));
  return (
    <Loaded query={found} failed="The incident could not be loaded." skeleton={<TableSkeleton rows={4} />}>
      {(story) =>
        story ? (
          <Details story={story} />
        ) : (
          <Empty title="There is no such incident">
            <p className="text-muted">It may be older than the history, or the history was cleared.</p>
            <Link to="/alerts/history" className={asButton}>
              Go to the history
            </Link>
          </Empty>
        )
      }
    </Loaded>
  );
}

function Details({ story }: { story: Story }) {
  const a = story.alert;
  const works = useMay()('write:alerts');
  const client = useQueryClient();
  const start = Date.parse(a.startTime);
  const end = instant(a.resolvedTime);
  const change = useMutation({
    mutationFn: (work: () => Promise<void>) => work(),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  const unit = a.unit ? ` ${a.unit}` : '';
  const shown = (v: number) => `${Math.round(v * 10) / 10}${unit}`;
  const facts: [string, ReactNode][] = [
    ['Type', a.type],
    ...(a.node ? [['Node', a.node] satisfies [string, string]] : []),
    ['Source', a.instance],
    ...(a.threshold !== 0
      ? ([
          ['Last value', shown(a.value)],
          ['Limit', shown(a.threshold)],
        ] satisfies [string, string][])
      : []),
    ...(a.rule ? [['Rule', a.rule] satisfies [string, string]] : []),
    ['Began', <Exactly at={start} />],
    ...(end === undefined ? [] : [['Ended', <Exactly at={end} />] satisfies [string, ReactNode]]),
    ['Lasted', end === undefined ? <Lasting at={start} /> : duration((end - start) / 1000)],
    ...(a.quiet ? [['Nobody was told', a.quiet] satisfies [string, string]] : []),
    ...(a.acknowledged ? [['Acknowledged by', a.ackUser ?? ''] satisfies [string, string]] : []),
  ];
  return (
    <div className="flex flex-col gap-4">
      <header className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <StatusText
          status={end === undefined ? (a.level === 'critical' ? 'down' : 'degraded') : 'fine'}
          word={end === undefined ? a.level : 'over'}
        />
        <h2 className="text-lg font-semibold">
          <Link to="/r/$id" params={{ id: a.resourceUid ?? a.resourceId }} className="hover:underline">
            {a.resourceName}
          </Link>{' '}
          <Whose id={a.resourceId} />
        </h2>
        <p className="basis-full break-words">{a.message}</p>
        {end === undefined && works && (
          <div className="flex flex-wrap gap-2">
            <Button
              small
              busy={change.isPending}
              onClick={() =>
                change.mutate(() => (a.acknowledged ? act.unacknowledge(a.id) : act.acknowledge(a.id)))
              }
            >
              {a.acknowledged ? 'Take acknowledgement back' : 'Acknowledge'}
            </Button>
            <Button small busy={change.isPending} onClick={() => change.mutate(() => act.clear(a.id))}>
              Clear
            </Button>
          </div>
        )}
      </header>
      {change.isError && <ApiProblem title="It was not done." error={change.error} />}
      <div className="grid gap-4 lg:grid-cols-[20rem_1fr]">
        <dl className="bg-surface border-line grid h-fit grid-cols-[auto_1fr] gap-x-4 gap-y-1 rounded-lg border p-3 text-sm">
          {facts.map(([label, value]) => (
            <div key={label} className="contents">
              <dt className="text-muted">{label}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        </dl>
        <section aria-labelledby="timeline" className="flex min-w-0 flex-col gap-3">
          <h3 id="timeline" className="font-semibold">
            What happened
          </h3>
          <ol className="bg-surface border-line rounded-lg border">
            {story.events.map((e) => (
              <li
                key={e.id}
                className="border-line flex flex-wrap gap-x-3 gap-y-0.5 border-b px-3 py-2 text-sm last:border-b-0"
              >
                <Ago at={e.timestamp} className="text-muted w-28 shrink-0 text-xs leading-5" />
                <span className="text-muted w-24 shrink-0 text-xs leading-5">{words[e.type] ?? e.type}</span>
                <span className="min-w-0 flex-1 basis-48 break-words">{e.summary}</span>
              </li>
            ))}
          </ol>
          {works && <NoteForm id={story.id} />}
          {end === undefined && <Why alert={a} />}
        </section>
      </div>
    </div>
  );
}

const words: Partial<Record<string, string>> = {
  alert_fired: 'fired',
  alert_changed: 'changed',
  alert_acknowledged: 'acknowledged',
  alert_unacknowledged: 'taken back',
  alert_snoozed: 'snoozed',
  alert_resolved: 'ended',
  note: 'note',
  delivery: 'message',
};

function NoteForm({ id }: { id: string }) {
  const client = useQueryClient();
  const [text, setText] = useState('');
  const save = useMutation({
    mutationFn: () => addNote(id, text),
    onSuccess: async () => {
      setText('');
      await client.invalidateQueries({ queryKey: incident(id).queryKey });
    },
  });
  return (
    <form
      className="flex flex-wrap items-end gap-2"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <div className="min-w-0 flex-1 basis-64">
        <Field label="Note" value={text} onChange={(e) => setText(e.target.value)} />
      </div>
      <Button type="submit" busy={save.isPending} disabled={text.trim() === ''}>
        Add
      </Button>
      {save.isError && <ApiProblem title="The note was not saved." error={save.error} />}
    </form>
  );
}
