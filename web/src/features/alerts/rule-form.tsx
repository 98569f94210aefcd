import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import { saveRule, simulate, type Rule, type RuleDraft, type Simulation } from '@/api/alerts.ts';
import type { Catalog } from '@/catalog/catalog.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Moment } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Select } from '@/ui/select.tsx';
import { judgeable, judged, metricOf, scaleOf, words, type Choice } from './rule.ts';

/** A number that may be left out, as text and back. */
function asText(v: number | null | undefined, factor: number): string {
  return v === undefined || v === null ? '' : String(Math.round(v * factor * 1000) / 1000);
}

function asNumber(text: string, factor: number): number | undefined {
  const n = Number(text.replace(',', '.'));
  return text.trim() === '' || !Number.isFinite(n) ? undefined : n / factor;
}

/** The form of a rule. What it would have done is shown before it is saved. */
export function RuleForm({
  stored,
  catalog,
  onDone,
}: {
  stored?: Rule;
  catalog: Catalog;
  onDone: () => void;
}) {
  const client = useQueryClient();
  const [name, setName] = useState(stored?.name ?? '');
  const [type, setType] = useState(stored?.match.types?.[0] ?? '');
  const [kind, setKind] = useState(stored?.kind ?? 'cpu');
  const [measure, setMeasure] = useState(stored?.measure ?? '');
  const metric = metricOf(catalog, kind, type ? [type] : []);
  const plain = scaleOf(metric);
  const { numbers, findings } = useMemo(() => judgeable(catalog, type), [catalog, type]);
  const [names, setNames] = useState((stored?.match.names ?? []).join(', '));
  const [tags, setTags] = useState((stored?.match.tags ?? []).join(', '));
  const [ids, setIds] = useState((stored?.match.ids ?? []).join(', '));
  const [instance, setInstance] = useState(stored?.instance ?? '');
  const { factor, unit } =
    measure === 'full_in'
      ? { factor: 1, unit: 'hours' }
      : { factor: plain.factor, unit: measure === 'change' ? `${plain.unit} an hour` : plain.unit };
  const [trigger, setTrigger] = useState(asText(stored?.trigger, factor));
  const [critical, setCritical] = useState(asText(stored?.critical, factor));
  const [clear, setClear] = useState(asText(stored?.clear, factor));
  const [lasts, setLasts] = useState(asText(stored?.for, 1));
  const [below, setBelow] = useState(stored?.below ?? false);
  const [off, setOff] = useState(stored?.off ?? false);
  const [quiet, setQuiet] = useState(stored?.quiet ?? false);
  const [enabled, setEnabled] = useState(stored?.enabled ?? true);
  const [priority, setPriority] = useState(String(stored?.priority ?? 0));
  const draft: RuleDraft = {
    id: stored?.id ?? '',
    origin: 'user',
    name: name.trim(),
    enabled,
    priority: Number(priority) || 0,
    kind,
    match: {
      ...(type && { types: [type] }),
      ...(words(names).length > 0 && { names: words(names) }),
      ...(words(tags).length > 0 && { tags: words(tags) }),
      ...(words(ids).length > 0 && { ids: words(ids) }),
      ...(stored?.match.integrations && { integrations: stored.match.integrations }),
    },
    ...(instance.trim() && { instance: instance.trim() }),
    off,
    quiet,
    below: below || measure === 'full_in',
    ...(measure && metric && { measure }),
    ...(metric && { trigger: asNumber(trigger, factor) ?? null, clear: asNumber(clear, factor) ?? null }),
    ...(metric && { critical: asNumber(critical, factor) ?? null }),
    for: asNumber(lasts, 1) ?? null,
    ...(stored?.severity && { severity: stored.severity }),
  };
  const trial = useMutation({ mutationFn: () => simulate({ ...draft, name: draft.name || 'draft' }, 168) });
  const save = useMutation({
    mutationFn: () => saveRule(draft),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['alerts'] });
      onDone();
    },
  });
  const hintUnit = unit ? `In ${unit}.` : undefined;
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
      <div className="grid gap-4 sm:grid-cols-2">
        <Select label="Resources" value={type} onChange={(e) => setType(e.target.value)}>
          <option value="">All types</option>
          {catalog.types.map((t) => (
            <option key={t.name} value={t.name}>
              {t.plural}
            </option>
          ))}
        </Select>
        <Select label="What is judged" value={kind} onChange={(e) => setKind(e.target.value)}>
          <option value="*">Everything</option>
          <option value="offline">Down</option>
          <option value="off">Stopped</option>
          <Choices label="Numbers" of={numbers} />
          <Choices label="What is found wrong" of={findings} />
          {![...numbers, ...findings].some(([k]) => k === kind) &&
            !['*', 'offline', 'off'].includes(kind) && (
              <option value={kind}>{judged(kind, [], catalog)}</option>
            )}
        </Select>
        <Field
          label="Names"
          hint="With * for any text, separated by commas."
          value={names}
          onChange={(e) => setNames(e.target.value)}
        />
        <Field label="Tags" value={tags} onChange={(e) => setTags(e.target.value)} />
        <Field label="Ids" value={ids} onChange={(e) => setIds(e.target.value)} />
        {metric?.instance ? (
          <Field
            label={`Which ${metric.instance}`}
            hint="With * for any text; empty for each."
            value={instance}
            onChange={(e) => setInstance(e.target.value)}
          />
        ) : null}
      </div>
      <Checkbox label="Do not judge it at all" checked={off} onChange={(e) => setOff(e.target.checked)} />
      {!off && metric && (
        <Select
          label="How it is looked at"
          hint={measure ? 'Over the last six hours.' : undefined}
          value={measure}
          onChange={(e) => setMeasure(e.target.value)}
        >
          <option value="">The number itself</option>
          <option value="change">What it grows by in an hour</option>
          {metric.unit === 'ratio' && <option value="full_in">Hours until it is full</option>}
        </Select>
      )}
      {!off && metric && (
        <div className="grid gap-4 sm:grid-cols-3">
          <Field
            label="Warning at"
            inputMode="decimal"
            hint={hintUnit}
            value={trigger}
            onChange={(e) => setTrigger(e.target.value)}
          />
          <Field
            label="Critical at"
            inputMode="decimal"
            value={critical}
            onChange={(e) => setCritical(e.target.value)}
          />
          <Field
            label="Over again at"
            inputMode="decimal"
            value={clear}
            onChange={(e) => setClear(e.target.value)}
          />
        </div>
      )}
      {!off && kind !== '*' && (
        <Field
          label="Has to last"
          inputMode="decimal"
          hint="In seconds; empty for what the rules before say."
          value={lasts}
          onChange={(e) => setLasts(e.target.value)}
        />
      )}
      {!off && metric && measure !== 'full_in' && (
        <Checkbox
          label="Numbers below the limit are wrong"
          checked={below}
          onChange={(e) => setBelow(e.target.checked)}
        />
      )}
      <Checkbox
        label="Show it and tell nobody"
        checked={quiet}
        onChange={(e) => setQuiet(e.target.checked)}
      />
      <Checkbox label="Enabled" checked={enabled} onChange={(e) => setEnabled(e.target.checked)} />
      <Field
        label="Priority"
        inputMode="numeric"
        hint="Of several rules of yours the one with the highest decides."
        value={priority}
        onChange={(e) => setPriority(e.target.value)}
      />
      {trial.data && <Outcome done={trial.data} factor={factor} unit={unit} />}
      {trial.isError && <ApiProblem title="It could not be tried." error={trial.error} />}
      {save.isError && <ApiProblem title="It was not saved." error={save.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>Cancel</Button>
        {metric && !off && !measure && (
          <Button busy={trial.isPending} onClick={() => trial.mutate()}>
            Try on the last week
          </Button>
        )}
        <Button type="submit" look="primary" busy={save.isPending} disabled={name.trim() === ''}>
          Save
        </Button>
      </div>
    </form>
  );
}

/** A group of what may be judged. */
function Choices({ label, of }: { label: string; of: readonly Choice[] }) {
  if (of.length === 0) return null;
  return (
    <optgroup label={label}>
      {of.map(([kind, text]) => (
        <option key={kind} value={kind}>
          {text}
        </option>
      ))}
    </optgroup>
  );
}

const most = 8;

/** What the rule would have done. */
function Outcome({ done, factor, unit }: { done: Simulation; factor: number; unit: string }) {
  const times = done.total === 1 ? 'once' : `${done.total} times`;
  return (
    <section
      role="status"
      aria-label="What it would have done"
      className="border-line flex flex-col gap-1 rounded-md border p-3 text-sm"
    >
      <p className="font-medium">
        {done.series === 0
          ? 'Nothing that matches was measured in the last week.'
          : done.total === 0
            ? `It would not have fired in the last week (${done.resources} resources).`
            : `It would have fired ${times} in the last week (${done.resources} resources).`}
      </p>
      <ul>
        {done.firings.slice(0, most).map((f, i) => (
          <li key={i} className="flex flex-wrap gap-x-2">
            <span className="font-medium">{f.resourceName}</span>
            {f.instance && <span className="text-muted">{f.instance}</span>}
            <Moment at={f.started} className="text-muted" />
            <span className="num">
              {Math.round(f.peak * factor * 10) / 10} {unit}
            </span>
          </li>
        ))}
      </ul>
      {done.total > most && <p className="text-muted text-xs">and {done.total - most} more</p>}
    </section>
  );
}
