import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, X } from 'lucide-react';
import { useMemo, useState, type ReactNode } from 'react';
import { saveStore, storeSettings, storeStats, tryStore, type StoreSettings } from '@/api/metrics.ts';
import type { Answer } from '@/api/types.ts';
import { Fields } from '@/form/form.tsx';
import { fieldsOf } from '@/form/schema.ts';
import type { Value } from '@/form/value.ts';
import { bytes, number } from '@/format/number.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { findingsOf } from '@/form/refused.ts';
import { FormSkeleton } from '@/parts/table-skeleton.tsx';
import { ReadOnly } from '@/parts/read-only.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { Ago } from '@/parts/times.tsx';
import { Button } from '@/ui/button.tsx';
import { Checkbox } from '@/ui/field.tsx';
import { Skeleton } from '@/ui/message.tsx';
import { CopyHistory } from './metrics-copy.tsx';
import { Section } from './section.tsx';

/** Where history lies, how much there is, and for how long it is kept. */
export function Metrics() {
  const settings = useQuery(storeSettings);
  return (
    <div className="flex flex-col gap-8">
      <Section title="Metrics" lead="Where the history of all numbers lies, and how much of it there is.">
        <Figures store={settings.data?.store} />
      </Section>
      <Section title="Store and retention" lead="Saved changes are valid at once: the store is opened anew.">
        <Loaded
          query={settings}
          failed="The settings could not be loaded."
          skeleton={<FormSkeleton fields={5} />}
        >
          {(known) => <Form known={known} />}
        </Loaded>
      </Section>
      {settings.data && <CopyHistory known={settings.data} />}
    </div>
  );
}

function Line({ label, children }: { label: string; children: ReactNode }) {
  return (
    <div className="contents">
      <dt className="text-muted">{label}</dt>
      <dd className="num">{children}</dd>
    </div>
  );
}

function Figures({ store }: { store: string | undefined }) {
  const stats = useQuery(storeStats);
  return (
    <Loaded
      query={stats}
      failed="The figures could not be loaded."
      skeleton={<Skeleton className="h-40 w-72" />}
    >
      {(s) => (
        <div className="flex flex-col gap-3">
          {s.problem && (
            <p
              role="status"
              className="border-down text-down max-w-prose rounded-md border px-3 py-2 text-sm"
            >
              {s.problem}
            </p>
          )}
          <dl className="grid max-w-md grid-cols-[11rem_1fr] gap-y-1.5 text-sm">
            {store && <Line label="Store">{store}</Line>}
            <Line label={store === 'influxdb' ? 'On this machine' : 'Size'}>{bytes(s.dbSize)}</Line>
            <Line label="Series">{number(s.series)}</Line>
            <Line label="Samples as they came">{number(s.rawCount)}</Line>
            <Line label="Minutes, hours, days">
              {number(s.minuteCount)}, {number(s.hourlyCount)}, {number(s.dailyCount)}
            </Line>
            <Line label="Taken since the start">{number(s.totalWrites)}</Line>
            <Line label="Refused since the start">{number(s.refused)}</Line>
            <Line label={store === 'influxdb' ? 'Waiting to be sent' : 'Waiting to be packed'}>
              {number(s.bufferSize)}
              {s.oldestWaiting && (
                <>
                  , the oldest <Ago at={s.oldestWaiting} />
                </>
              )}
            </Line>
            <Line label="Last rolled up">
              <Ago at={s.lastRollup} />
            </Line>
            {s.lastShortened && (
              <Line label="Shortened for its size">
                <Ago at={s.lastShortened} />
              </Line>
            )}
          </dl>
        </div>
      )}
    </Loaded>
  );
}

/** How the test of the connection went, step by step, up to the first that failed. */
function Steps({ steps }: { steps: Answer<'/api/metrics-store/test', 'post'>['steps'] }) {
  return (
    <ol role="status" aria-label="Test of the connection" className="flex flex-col gap-1.5 text-sm">
      {steps.map((s) => (
        <li key={s.name} className="flex items-start gap-2">
          {s.ok ? (
            <Check size={16} aria-label="Yes:" role="img" className="text-muted mt-0.5 shrink-0" />
          ) : (
            <X size={16} aria-label="No:" role="img" className="text-down mt-0.5 shrink-0" />
          )}
          <span>
            {s.name}.{s.failure && <span className="text-down block">{s.failure}</span>}
          </span>
        </li>
      ))}
    </ol>
  );
}

function Form({ known }: { known: StoreSettings }) {
  const client = useQueryClient();
  const [values, setValues] = useState<Value>((known.values ?? {}) as Value);
  const [setUp, setSetUp] = useState(false);
  const fields = useMemo(() => fieldsOf(known.schema), [known.schema]);
  const fixed = fields.filter((f) => known.fixed.includes(f.name));
  const places = [...new Set(fixed.map((f) => known.origins[f.name] || `metrics.${f.name} in config.hcl`))];
  const open = fields.filter((f) => !known.fixed.includes(f.name));
  const save = useMutation({
    mutationFn: () => saveStore(values),
    onSuccess: (now) => {
      setValues((now.values ?? {}) as Value);
      return client.invalidateQueries({ queryKey: ['metrics-store'] });
    },
  });
  const test = useMutation({ mutationFn: () => tryStore(values, setUp) });
  const findings = findingsOf(save.error ?? test.error);
  const influx = values.influxdb !== undefined;
  const part = {
    value: values,
    onChange: (v: Value) => {
      save.reset();
      test.reset();
      setValues(v);
    },
    findings,
    path: '',
  };
  return (
    <form
      noValidate
      className="flex max-w-xl flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        save.mutate();
      }}
    >
      <Fields fields={open} {...part} disabled={false} />
      {fixed.length > 0 && (
        <>
          <ReadOnly origin={places.join(', ')} />
          <Fields fields={fixed} {...part} disabled />
        </>
      )}
      {save.isError && findings.length === 0 && <ApiProblem title="Nothing was saved." error={save.error} />}
      {test.isError && findings.length === 0 && <ApiProblem title="It was not tried." error={test.error} />}
      {influx && (
        <Checkbox
          label="Make the buckets while testing"
          hint="Those that are missing are made, and each gets the retention from above."
          checked={setUp}
          onChange={(e) => setSetUp(e.target.checked)}
        />
      )}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" look="primary" busy={save.isPending}>
          Save
        </Button>
        {influx && (
          <Button busy={test.isPending} onClick={() => test.mutate()}>
            Test InfluxDB
          </Button>
        )}
        <span role="status" className="text-muted text-sm">
          {save.isSuccess && 'Saved.'}
        </span>
      </div>
      {test.data && <Steps steps={test.data.steps} />}
    </form>
  );
}
