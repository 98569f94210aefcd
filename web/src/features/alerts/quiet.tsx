import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Plus } from 'lucide-react';
import { useState } from 'react';
import {
  alertConfig,
  channels,
  deleteWindow,
  maintenance,
  saveConfig,
  saveWindow,
  type Document,
  type Window,
} from '@/api/alerts.ts';
import { dateTime } from '@/format/time.ts';
import { useLive } from '@/live/hooks.ts';
import { fullName } from '@/live/namesakes.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { FormSkeleton, TableSkeleton } from '@/parts/table-skeleton.tsx';
import { ReadOnly } from '@/parts/read-only.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { useMay } from '@/parts/may.ts';
import { Button } from '@/ui/button.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Select } from '@/ui/select.tsx';
import { Section } from '../settings/section.tsx';
import { words } from './rule.ts';

const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;

/** When and how alerts are told: quiet hours, groups, pauses, escalation, maintenance. */
export function Quiet() {
  const config = useQuery(alertConfig);
  return (
    <div className="flex flex-col gap-8">
      <Section
        title="When people are told"
        lead="What quiet hours hold back is told when they end, if it still fires then."
      >
        <Loaded
          query={config}
          failed="The settings could not be loaded."
          skeleton={<FormSkeleton fields={4} />}
        >
          {(stored) => <ScheduleForm key={JSON.stringify(stored.schedule)} stored={stored} />}
        </Loaded>
      </Section>
      <Maintenance />
    </div>
  );
}

/** The zone of the browser, for who has not chosen one. */
const here = Intl.DateTimeFormat().resolvedOptions().timeZone;

function ScheduleForm({ stored }: { stored: Document }) {
  const client = useQueryClient();
  const works = useMay()('write:alerts');
  const [s, setS] = useState(stored.schedule);
  const q = s.quietHours;
  const setQ = (change: Partial<typeof q>) => setS({ ...s, quietHours: { ...q, ...change } });
  const save = useMutation({
    mutationFn: () => saveConfig({ ...stored, schedule: s }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  const count = (text: string) => Math.max(0, Math.floor(Number(text) || 0));
  return (
    <form
      noValidate
      className="bg-surface border-line flex max-w-3xl flex-col gap-4 rounded-lg border p-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <fieldset disabled={!works} className="flex flex-col gap-4">
        <Checkbox
          label="Quiet hours"
          hint="Warnings wait until they end; critical alerts are told, unless their kind is ticked below."
          checked={q.enabled}
          onChange={(e) => setQ({ enabled: e.target.checked, timezone: q.timezone || here })}
        />
        {q.enabled && (
          <div className="flex flex-col gap-4 pl-6">
            <div className="grid gap-4 sm:grid-cols-3">
              <Field
                label="From"
                type="time"
                value={q.start}
                onChange={(e) => setQ({ start: e.target.value })}
              />
              <Field
                label="Until"
                type="time"
                value={q.end}
                onChange={(e) => setQ({ end: e.target.value })}
              />
              <Field
                label="Time zone"
                value={q.timezone}
                onChange={(e) => setQ({ timezone: e.target.value })}
              />
            </div>
            <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
              <legend className="mb-1 text-sm font-medium">They begin on</legend>
              {days.map((day) => (
                <Checkbox
                  key={day}
                  label={day.charAt(0).toUpperCase() + day.slice(1)}
                  checked={q.days[day] === true}
                  onChange={(e) => setQ({ days: { ...q.days, [day]: e.target.checked } })}
                />
              ))}
            </fieldset>
            <fieldset className="flex flex-wrap gap-x-4 gap-y-1">
              <legend className="mb-1 text-sm font-medium">Critical alerts that wait too</legend>
              {(['performance', 'storage', 'offline'] as const).map((c) => (
                <Checkbox
                  key={c}
                  label={c.charAt(0).toUpperCase() + c.slice(1)}
                  checked={q.suppress[c]}
                  onChange={(e) => setQ({ suppress: { ...q.suppress, [c]: e.target.checked } })}
                />
              ))}
            </fieldset>
          </div>
        )}
        <Checkbox
          label="Tell when something is over"
          checked={s.notifyOnResolve}
          onChange={(e) => setS({ ...s, notifyOnResolve: e.target.checked })}
        />
        <Checkbox
          label="Tell alerts of one machine together"
          checked={s.grouping.enabled}
          onChange={(e) =>
            setS({ ...s, grouping: { ...s.grouping, enabled: e.target.checked, byNode: true } })
          }
        />
        <div className="grid gap-4 sm:grid-cols-3">
          <Field
            label="Wait for others"
            inputMode="numeric"
            hint="Seconds; critical alerts do not wait."
            value={s.grouping.window}
            onChange={(e) => setS({ ...s, grouping: { ...s.grouping, window: count(e.target.value) } })}
          />
          <Field
            label="Pause"
            inputMode="numeric"
            hint="Minutes until the same alert is told again."
            value={s.cooldown}
            onChange={(e) => setS({ ...s, cooldown: count(e.target.value) })}
          />
          <Field
            label="At most"
            inputMode="numeric"
            hint="Messages an hour about one alert; 0 for any number."
            value={s.maxAlertsHour}
            onChange={(e) => setS({ ...s, maxAlertsHour: count(e.target.value) })}
          />
        </div>
        <Checkbox
          label="Escalate what nobody acknowledges"
          checked={s.escalation.enabled}
          onChange={(e) => setS({ ...s, escalation: { ...s.escalation, enabled: e.target.checked } })}
        />
        {s.escalation.enabled && (
          <Levels
            levels={s.escalation.levels}
            onChange={(levels) => setS({ ...s, escalation: { ...s.escalation, levels } })}
          />
        )}
        {save.isError && <ApiProblem title="It was not saved." error={save.error} />}
      </fieldset>
      {works ? (
        <div className="flex items-center gap-3">
          <Button type="submit" look="primary" busy={save.isPending}>
            Save
          </Button>
          {save.isSuccess && (
            <span role="status" className="text-muted text-sm">
              Saved.
            </span>
          )}
        </div>
      ) : (
        <ReadOnly need="write:alerts" />
      )}
    </form>
  );
}

type Level = Document['schedule']['escalation']['levels'][number];

/** The steps of an escalation, each with when and whom. */
function Levels({ levels, onChange }: { levels: Level[]; onChange: (l: Level[]) => void }) {
  const may = useMay();
  const known = useQuery({ ...channels, enabled: may('admin:settings') });
  const kinds = [...new Set(['email', 'webhook', ...(known.data ?? []).map((c) => c.kind)])];
  const change = (at: number, by: Partial<Level>) =>
    onChange(levels.map((l, i) => (i === at ? { ...l, ...by } : l)));
  return (
    <div className="flex flex-col gap-2 pl-6">
      <ol className="flex flex-col gap-2" aria-label="Steps">
        {levels.map((l, i) => (
          <li key={i} className="grid grid-cols-[1fr_1fr_auto] items-end gap-2">
            <Field
              label="Minutes"
              inputMode="numeric"
              value={l.after}
              onChange={(e) => change(i, { after: Math.max(0, Math.floor(Number(e.target.value) || 0)) })}
            />
            <Select label="Told to" value={l.notify} onChange={(e) => change(i, { notify: e.target.value })}>
              {kinds.map((k) => (
                <option key={k} value={k}>
                  {k}
                </option>
              ))}
              <option value="all">all channels</option>
            </Select>
            <Button
              look="danger"
              aria-label={`Remove step ${i + 1}`}
              onClick={() => onChange(levels.filter((_, n) => n !== i))}
            >
              Remove
            </Button>
          </li>
        ))}
      </ol>
      <div>
        <Button
          small
          onClick={() => onChange([...levels, { after: (levels.at(-1)?.after ?? 0) + 15, notify: 'all' }])}
        >
          <Plus size={14} aria-hidden /> Add a step
        </Button>
      </div>
    </div>
  );
}

function Maintenance() {
  const client = useQueryClient();
  const works = useMay()('write:alerts');
  const list = useQuery(maintenance);
  const byId = useLive((l) => l.byId);
  const [making, setMaking] = useState(false);
  const remove = useMutation({
    mutationFn: (w: Window) => deleteWindow(w.id),
    onSuccess: () => client.invalidateQueries({ queryKey: ['alerts'] }),
  });
  return (
    <Section
      title="Maintenance"
      lead="Alerts of what is worked on are shown and told to nobody until it is done."
      action={
        works && (
          <Button onClick={() => setMaking(true)}>
            <Plus size={16} aria-hidden /> New window
          </Button>
        )
      }
    >
      {remove.isError && <ApiProblem title="It was not deleted." error={remove.error} />}
      <Loaded
        query={list}
        failed="The maintenance windows could not be loaded."
        skeleton={<TableSkeleton rows={1} />}
      >
        {(windows) =>
          windows.length > 0 ? (
            <ul className="bg-surface border-line rounded-lg border" aria-label="Maintenance windows">
              {windows.map((w) => (
                <li
                  key={w.id}
                  className="border-line flex flex-wrap items-center gap-x-4 gap-y-1 border-b px-3 py-2 text-sm last:border-b-0"
                >
                  <div className="min-w-0 flex-1 basis-64">
                    <p className="font-medium">{w.name}</p>
                    <p className="text-muted text-xs">
                      {what(w, (id) => fullName(byId, id))} · {when(w)}
                    </p>
                  </div>
                  {works && (
                    <Button
                      small
                      look="danger"
                      aria-label={`Delete ${w.name}`}
                      busy={remove.isPending}
                      onClick={() => remove.mutate(w)}
                    >
                      Delete
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          ) : (
            <p className="text-muted text-sm">There is no maintenance window.</p>
          )
        }
      </Loaded>
      {making && (
        <Dialog title="New maintenance window" onClose={() => setMaking(false)}>
          <WindowForm onDone={() => setMaking(false)} />
        </Dialog>
      )}
    </Section>
  );
}

function what(w: Window, name: (id: string) => string): string {
  const m = w.match;
  const all = [
    ...(m.names ?? []),
    ...(m.ids ?? []).map(name),
    ...(m.tags ?? []).map((t) => `#${t}`),
    ...(m.types ?? []),
  ];
  return all.join(', ') || 'everything';
}

function when(w: Window): string {
  if (w.weekly) {
    const on = w.weekly.days?.length ? w.weekly.days.join(', ') : 'each day';
    return `${on} from ${w.weekly.start} to ${w.weekly.end} ${w.weekly.timezone ?? ''}`;
  }
  const from = w.from ? dateTime(Date.parse(w.from)) : 'now';
  return `${from} to ${w.to ? dateTime(Date.parse(w.to)) : 'further notice'}`;
}

function WindowForm({ onDone }: { onDone: () => void }) {
  const client = useQueryClient();
  const [name, setName] = useState('');
  const [names, setNames] = useState('');
  const [tags, setTags] = useState('');
  const [hours, setHours] = useState('2');
  const save = useMutation({
    mutationFn: () =>
      saveWindow({
        name: name.trim(),
        match: {
          ...(words(names).length > 0 && { names: words(names) }),
          ...(words(tags).length > 0 && { tags: words(tags) }),
        },
        to: new Date(Date.now() + (Number(hours) || 0) * 3_600_000).toISOString(),
      }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['alerts'] });
      onDone();
    },
  });
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <Field label="Name" required value={name} onChange={(e) => setName(e.target.value)} />
      <Field
        label="Names of resources"
        hint="With * for any text, separated by commas; empty for all."
        value={names}
        onChange={(e) => setNames(e.target.value)}
      />
      <Field label="Tags" value={tags} onChange={(e) => setTags(e.target.value)} />
      <Field
        label="For how many hours from now"
        inputMode="decimal"
        value={hours}
        onChange={(e) => setHours(e.target.value)}
      />
      {save.isError && <ApiProblem title="It was not saved." error={save.error} />}
      <div className="flex justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" busy={save.isPending} disabled={name.trim() === ''}>
          Save
        </Button>
      </div>
    </form>
  );
}
