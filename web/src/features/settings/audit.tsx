import { useMutation, useQuery } from '@tanstack/react-query';
import { useNavigate, useSearch } from '@tanstack/react-router';
import { ChevronLeft, ChevronRight, Download, ShieldCheck } from 'lucide-react';
import { useState } from 'react';
import {
  auditEvents,
  auditFile,
  auditPage,
  verifyAudit,
  type AuditEvent,
  type AuditFilter,
} from '@/api/access.ts';
import { auditSearch, type AuditSearch } from '@/search.ts';
import { exactTime, instant } from '@/format/time.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { TableSkeleton } from '@/parts/table-skeleton.tsx';
import { Moment } from '@/parts/times.tsx';
import { asButton, Button, IconButton } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { cx } from '@/ui/cx.ts';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { Empty, Problem } from '@/ui/message.tsx';
import { Select } from '@/ui/select.tsx';
import { Section } from './section.tsx';

/** Who changed what and who came in. */
export function Audit() {
  const { page: number, ...filter } = useSearch({ from: '/shell/settings/audit' });
  const navigate = useNavigate({ from: '/settings/audit' });
  const page = Math.max(0, (Number(number) || 1) - 1);
  const filtered = Object.values(filter).some(Boolean);
  const [shown, setShown] = useState<AuditEvent>();
  const list = useQuery({ ...auditEvents(filter, page), placeholderData: (before) => before });
  const verify = useMutation({ mutationFn: verifyAudit });
  const set = (part: AuditSearch) =>
    void navigate({ search: auditSearch({ ...filter, page: undefined, ...part }), replace: true });
  const setPage = (to: number) => set({ page: to > 0 ? String(to + 1) : undefined });
  const clear = () => void navigate({ search: {}, replace: true });
  const total = list.data?.total ?? 0;
  return (
    <Section
      title="Audit log"
      lead="Every change and every login. Events are chained and signed, so that one that was changed or is missing shows."
      action={
        <div className="flex flex-wrap gap-2">
          <Button busy={verify.isPending} onClick={() => verify.mutate()}>
            <ShieldCheck size={16} aria-hidden /> Verify
          </Button>
          <FileLink filter={filter} format="csv" />
          <FileLink filter={filter} format="json" />
        </div>
      }
    >
      {verify.isError && <ApiProblem title="The log was not verified." error={verify.error} />}
      {verify.data && <Verdict report={verify.data} />}
      <form
        className="grid grid-cols-2 gap-2 sm:grid-cols-3 xl:grid-cols-[1fr_1fr_1fr_7rem_13rem_13rem]"
        role="search"
        aria-label="Filter of the audit log"
        onSubmit={(e) => e.preventDefault()}
      >
        <Field
          label="Event"
          placeholder="login"
          value={filter.event ?? ''}
          onChange={(e) => set({ event: e.target.value.trim() })}
        />
        <Field
          label="User"
          value={filter.user ?? ''}
          onChange={(e) => set({ user: e.target.value.trim() })}
        />
        <Field
          label="Text"
          placeholder="in all of it"
          value={filter.text ?? ''}
          onChange={(e) => set({ text: e.target.value })}
        />
        <Select
          label="Outcome"
          value={filter.success ?? ''}
          onChange={(e) => set({ success: e.target.value })}
        >
          <option value="">all</option>
          <option value="true">done</option>
          <option value="false">refused</option>
        </Select>
        <Field
          label="From"
          type="datetime-local"
          value={local(filter.startTime)}
          onChange={(e) => set({ startTime: stamp(e.target.value) })}
        />
        <Field
          label="To"
          type="datetime-local"
          value={local(filter.endTime)}
          onChange={(e) => set({ endTime: stamp(e.target.value) })}
        />
      </form>
      <Loaded query={list} failed="The audit log could not be loaded." skeleton={<TableSkeleton rows={8} />}>
        {(known) =>
          known.events.length === 0 ? (
            <Empty
              title={filtered ? 'No event passes the filter' : 'Nothing has happened yet'}
              icon={<ShieldCheck size={24} aria-hidden strokeWidth={1.5} />}
            >
              {filtered && <Button onClick={clear}>Clear the filter</Button>}
            </Empty>
          ) : (
            <>
              <ul className="bg-surface border-line rounded-lg border" aria-label="Events">
                {known.events.map((e) => (
                  <Row key={e.id} event={e} onShow={() => setShown(e)} />
                ))}
              </ul>
              <div className="flex items-center justify-end gap-2 text-sm">
                <span className="text-muted">
                  {page * auditPage + 1}–{page * auditPage + known.events.length} of {total}
                </span>
                <IconButton label="Newer" disabled={page === 0} onClick={() => setPage(page - 1)}>
                  <ChevronLeft size={16} aria-hidden />
                </IconButton>
                <IconButton
                  label="Older"
                  disabled={(page + 1) * auditPage >= total}
                  onClick={() => setPage(page + 1)}
                >
                  <ChevronRight size={16} aria-hidden />
                </IconButton>
              </div>
            </>
          )
        }
      </Loaded>
      {shown && <Details event={shown} onClose={() => setShown(undefined)} />}
    </Section>
  );
}

/** A time of the server as a local one of an input. */
function local(time: string | undefined): string {
  const t = Date.parse(time ?? '');
  if (Number.isNaN(t)) return '';
  return new Date(t - new Date(t).getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** A local time of an input as the server takes it. */
function stamp(local: string): string {
  const t = new Date(local);
  return local === '' || Number.isNaN(t.getTime()) ? '' : t.toISOString();
}

function FileLink({ filter, format }: { filter: AuditFilter; format: 'csv' | 'json' }) {
  return (
    <a href={auditFile(filter, format)} download className={asButton}>
      <Download size={16} aria-hidden /> {format.toUpperCase()}
    </a>
  );
}

function Verdict({ report }: { report: Awaited<ReturnType<typeof verifyAudit>> }) {
  if (report.verified) {
    return (
      <div role="status" className="bg-selected rounded-md px-3 py-2.5 text-sm">
        <p className="font-medium">
          All {report.events} events are as they were written, and none is missing.
        </p>
        <p className="text-muted mt-1 mb-2 text-xs">
          Keep the hash of the newest event elsewhere: it shows later that nothing before was changed.
        </p>
        <CopyText label="Hash of the newest event" text={report.hash} />
      </div>
    );
  }
  return (
    <Problem title="The log is not what was written." text={`${report.events} events were looked at.`}>
      <ul className="list-disc pl-4">
        {report.breaks.map((b, i) => (
          <li key={i}>
            Event {b.seq}: {b.text}
          </li>
        ))}
      </ul>
    </Problem>
  );
}

function Row({ event: e, onShow }: { event: AuditEvent; onShow: () => void }) {
  return (
    <li className="border-line border-b last:border-b-0">
      <button
        type="button"
        className="hover:bg-hover flex w-full flex-wrap items-baseline gap-x-4 gap-y-0.5 px-3 py-2 text-left text-sm"
        onClick={onShow}
      >
        <span className="text-muted num w-36 text-xs">
          <Moment at={e.timestamp} />
        </span>
        <span className={cx('w-44 font-mono text-xs break-all', !e.success && 'text-down font-medium')}>
          {e.event}
          {!e.success && ' (refused)'}
        </span>
        <span className="w-28 break-all">{e.user ?? ''}</span>
        <span
          className="text-muted min-w-0 flex-1 basis-48 text-xs break-words max-sm:basis-full"
          data-volatile
        >
          {e.details ?? e.path}
        </span>
      </button>
    </li>
  );
}

function Details({ event: e, onClose }: { event: AuditEvent; onClose: () => void }) {
  const at = instant(e.timestamp);
  const rows: [string, string | undefined][] = [
    ['Number', String(e.seq)],
    ['Time', at === undefined ? undefined : exactTime(at)],
    ['User', e.user],
    ['Came in by', e.via],
    ['Address', e.ip],
    ['Request', [e.method, e.path].filter(Boolean).join(' ')],
    ['Request id', e.requestId],
    ['Outcome', e.success ? 'done' : 'refused'],
    ['Details', e.details],
    ['Hash', e.hash],
    ['Signature', e.signature],
  ];
  return (
    <Dialog title={e.event} onClose={onClose} reading>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5 text-sm">
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd
                className={cx('break-all', (name === 'Hash' || name === 'Signature') && 'font-mono text-xs')}
              >
                {value}
              </dd>
            </div>
          ))}
      </dl>
    </Dialog>
  );
}
