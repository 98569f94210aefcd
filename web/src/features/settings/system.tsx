import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { ApiError } from '@/api/client.ts';
import { saveSystemSettings, systemSettings, type SystemSettings } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { FormSkeleton } from '@/parts/table-skeleton.tsx';
import { Button } from '@/ui/button.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Section } from './section.tsx';

/** What the server does, as far as it is changed while it runs. */
export function System() {
  const settings = useQuery(systemSettings);
  return (
    <Section title="System" lead="What holds for the whole server. Changes are valid at once.">
      <Loaded query={settings} failed="The settings could not be loaded." skeleton={<FormSkeleton />}>
        {(known) => <Form known={known} />}
      </Loaded>
    </Section>
  );
}

/** The setting that a refusal is about. */
function fieldOf(error: unknown): string | undefined {
  const details = error instanceof ApiError ? error.body.details : undefined;
  const field =
    typeof details === 'object' && details !== null && 'field' in details ? details.field : undefined;
  return typeof field === 'string' ? field : undefined;
}

type Changes = Partial<SystemSettings>;

interface PartProps {
  known: SystemSettings;
  now: SystemSettings;
  change: (next: Changes) => void;
  errorOf: (name: keyof SystemSettings) => string | undefined;
}

/** Which other sites browsers may be on. */
function OtherSites({ known, now, change, errorOf }: PartProps) {
  const fixed = (name: keyof SystemSettings) => known.envOverrides?.[name] === true;
  const decided = (key: string, name: keyof SystemSettings) => (
    <>
      Read-only here: <code className="font-mono">server.{key}</code> in{' '}
      <code className="font-mono">{known.origins?.[name] ?? 'config.hcl'}</code> decides it.
    </>
  );
  return (
    <fieldset className="flex flex-col gap-5">
      <legend className="mb-2 text-sm font-semibold">Other sites</legend>
      <Field
        label="Sites whose pages may call the API"
        placeholder="https://dashboard.example.com"
        value={now.allowedOrigins ?? ''}
        disabled={fixed('allowedOrigins')}
        onChange={(e) => change({ allowedOrigins: e.target.value })}
        error={errorOf('allowedOrigins')}
        hint={
          fixed('allowedOrigins')
            ? decided('allowed_origins', 'allowedOrigins')
            : 'With commas between. * is every site; their pages then come without the login.'
        }
      />
      <Checkbox
        label="Other sites may show Pulse in a frame"
        hint={
          fixed('allowEmbedding')
            ? decided('allow_embedding', 'allowEmbedding')
            : 'For dashboards that embed it.'
        }
        checked={now.allowEmbedding ?? false}
        disabled={fixed('allowEmbedding')}
        onChange={(e) => change({ allowEmbedding: e.target.checked })}
      />
      {now.allowEmbedding && (
        <Field
          label="Sites that may show it"
          placeholder="https://home.example.com"
          value={now.allowedEmbedOrigins ?? ''}
          disabled={fixed('allowedEmbedOrigins')}
          onChange={(e) => change({ allowedEmbedOrigins: e.target.value })}
          error={errorOf('allowedEmbedOrigins')}
          hint={
            fixed('allowedEmbedOrigins')
              ? decided('embed_origins', 'allowedEmbedOrigins')
              : 'With commas between. Empty: every site, which makes click-jacking possible.'
          }
        />
      )}
    </fieldset>
  );
}

function Form({ known }: { known: SystemSettings }) {
  const client = useQueryClient();
  const [changes, setChanges] = useState<Changes>({});
  const now = { ...known, ...changes };
  const save = useMutation({
    mutationFn: () => saveSystemSettings(changes),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: systemSettings.queryKey });
      setChanges({});
    },
  });
  const field = fieldOf(save.error);
  const errorOf = (name: keyof SystemSettings) => (field === name ? save.error?.message : undefined);
  const change = (next: Changes) => {
    if (!save.isPending) save.reset();
    // What is as the server has it is no change.
    const all = Object.entries({ ...changes, ...next });
    setChanges(Object.fromEntries(all.filter(([k, v]) => known[k as keyof SystemSettings] !== v)));
  };
  const dirty = Object.keys(changes).length > 0;

  function submit(e: SubmitEvent) {
    e.preventDefault();
    save.mutate();
  }

  return (
    <form className="flex max-w-md flex-col gap-5" onSubmit={submit} noValidate>
      <Field
        label="Public address"
        type="url"
        placeholder="https://pulse.example.net"
        value={now.publicURL ?? ''}
        onChange={(e) => change({ publicURL: e.target.value.trim() })}
        error={errorOf('publicURL')}
        hint="Links in messages lead here. Empty: the address that the configuration names."
      />
      <Field
        label="Private networks that messages may go to"
        placeholder="192.168.1.0/24, 10.0.0.0/8"
        value={now.webhookAllowedPrivateCIDRs ?? ''}
        onChange={(e) => change({ webhookAllowedPrivateCIDRs: e.target.value })}
        error={errorOf('webhookAllowedPrivateCIDRs')}
        hint="Webhooks reach only public addresses and these, with commas between."
      />
      <Checkbox
        label="Tell temperatures"
        hint="Other programs that read the state see whether temperatures are watched."
        checked={now.temperatureMonitoringEnabled ?? true}
        onChange={(e) => change({ temperatureMonitoringEnabled: e.target.checked })}
      />
      <OtherSites known={known} now={now} change={change} errorOf={errorOf} />
      {known.frontendPort !== undefined && (
        <dl className="border-line bg-surface rounded-md border px-3 py-2 text-sm">
          <dt className="text-muted text-xs">Port</dt>
          <dd data-volatile className="num">
            {known.frontendPort}
          </dd>
          <dd className="text-muted text-xs">
            Read-only here: <code className="font-mono">server.listen</code> in{' '}
            <code className="font-mono">{known.origins?.frontendPort ?? 'config.hcl'}</code> decides it when
            the server starts.
          </dd>
        </dl>
      )}
      {save.isError && field === undefined && <ApiProblem title="Nothing was saved." error={save.error} />}
      <div className="flex items-center gap-3">
        <Button type="submit" look="primary" busy={save.isPending} disabled={!dirty}>
          Save
        </Button>
        {dirty && (
          <Button
            onClick={() => {
              save.reset();
              setChanges({});
            }}
          >
            Discard
          </Button>
        )}
        <span role="status" className="text-muted text-sm">
          {save.isSuccess && !dirty && 'Saved.'}
        </span>
      </div>
    </form>
  );
}
