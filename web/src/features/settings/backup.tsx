import { useMutation } from '@tanstack/react-query';
import { useId, useState, type SubmitEvent } from 'react';
import { ApiError } from '@/api/client.ts';
import {
  exportConfig,
  importConfig,
  minPassphrase,
  type ConfigChange,
  type Imported,
} from '@/api/transfer.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { saveFile } from '@/ui/save.ts';
import { Section } from './section.tsx';

/** The words for the sections of a bundle. */
const sections: Record<string, string> = {
  integrations: 'Integrations and channels',
  settings: 'Settings, rules of alerts and routes',
  notes: 'Notes, links and merges',
  tokens: 'API tokens and agents',
  users: 'Users and roles',
};

const words = (section: string) => sections[section] ?? section;

/** Carries the configuration from one server to another, and brings people from the reference. */
export function Backup() {
  return (
    <div className="flex flex-col gap-8">
      <Export />
      <Import />
    </div>
  );
}

/** The field that a refusal is about. */
function fieldOf(error: unknown): string | undefined {
  const details = error instanceof ApiError ? error.body.details : undefined;
  return typeof details === 'object' && details !== null && 'field' in details
    ? String(details.field)
    : undefined;
}

function Export() {
  const [passphrase, setPassphrase] = useState('');
  const [users, setUsers] = useState(false);
  const made = useMutation({
    mutationFn: () => exportConfig(passphrase, users),
    onSuccess: (bundle) => {
      const day = new Date().toISOString().slice(0, 10);
      saveFile(`pulse-config-${day}.json`, new Blob([JSON.stringify(bundle)], { type: 'application/json' }));
      setPassphrase('');
    },
  });
  const short = passphrase.length > 0 && passphrase.length < minPassphrase;
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    made.mutate();
  };
  return (
    <Section
      title="Export"
      lead="The whole configuration with its secrets in one file that only the passphrase opens. History is not in it: pulse backup saves the server as a whole."
    >
      <form className="flex max-w-md flex-col gap-4" onSubmit={submit} noValidate>
        <Field
          label="Passphrase of the new file"
          type="password"
          autoComplete="new-password"
          value={passphrase}
          onChange={(e) => {
            made.reset();
            setPassphrase(e.target.value);
          }}
          error={
            made.isError && fieldOf(made.error) === 'passphrase'
              ? made.error.message
              : short
                ? `At least ${String(minPassphrase)} characters.`
                : undefined
          }
          hint="Keep it: without it nobody opens the file, not even this server."
        />
        <Checkbox
          label="Users and roles too"
          hint="Their passwords lie in it as hashes."
          checked={users}
          onChange={(e) => setUsers(e.target.checked)}
        />
        {made.isError && fieldOf(made.error) !== 'passphrase' && (
          <ApiProblem title="Nothing was exported." error={made.error} />
        )}
        <div className="flex items-center gap-3">
          <Button
            type="submit"
            look="primary"
            busy={made.isPending}
            disabled={passphrase.length < minPassphrase}
          >
            Export
          </Button>
          <span role="status" className="text-muted text-sm">
            {made.isSuccess && 'The file is in your downloads.'}
          </span>
        </div>
      </form>
    </Section>
  );
}

function Import() {
  const file = useId();
  const [data, setData] = useState('');
  const [passphrase, setPassphrase] = useState('');
  const [left, setLeft] = useState<string[]>([]);
  const dry = useMutation({
    mutationFn: () => importConfig(data, passphrase, true),
    onSuccess: () => {
      setLeft([]);
    },
  });
  const plan = dry.data;
  const chosen = plan?.changes.map((c) => c.section).filter((s) => !left.includes(s)) ?? [];
  const done = useMutation({ mutationFn: () => importConfig(data, passphrase, false, chosen) });
  const anew = () => {
    dry.reset();
    done.reset();
  };
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    done.reset();
    dry.mutate();
  };
  return (
    <Section
      title="Import"
      lead="A file of an export, of this server or of Pulse 5.1 (formats 4.0 and 4.1). What it would change is shown first."
    >
      <form className="flex max-w-md flex-col gap-4" onSubmit={submit} noValidate>
        <div className="flex flex-col gap-1">
          <label htmlFor={file} className="text-sm font-medium">
            File
          </label>
          <input
            id={file}
            type="file"
            className="text-sm file:mr-3 file:h-9 file:rounded-md file:border-line file:bg-surface hover:file:bg-hover file:border file:px-3 max-sm:file:h-11"
            onChange={(e) => {
              anew();
              setData('');
              void e.target.files?.[0]?.text().then(setData);
            }}
          />
        </div>
        <Field
          label="Passphrase of the file"
          type="password"
          autoComplete="off"
          value={passphrase}
          onChange={(e) => {
            anew();
            setPassphrase(e.target.value);
          }}
          error={dry.isError && fieldOf(dry.error) === 'passphrase' ? dry.error.message : undefined}
        />
        {dry.isError && fieldOf(dry.error) !== 'passphrase' && (
          <ApiProblem title="The file cannot be imported." error={dry.error} />
        )}
        <div>
          <Button
            type="submit"
            look={plan === undefined ? 'primary' : 'plain'}
            busy={dry.isPending}
            disabled={data === '' || passphrase === ''}
          >
            Show what would change
          </Button>
        </div>
      </form>
      {plan !== undefined && (
        <Plan
          plan={plan}
          left={left}
          toggle={(s) => {
            setLeft(left.includes(s) ? left.filter((x) => x !== s) : [...left, s]);
          }}
          locked={done.isSuccess || done.isPending}
        />
      )}
      {done.isError && <ApiProblem title="Nothing was imported." error={done.error} />}
      {plan !== undefined && (
        <div className="flex flex-wrap items-center gap-3">
          <Button
            look="primary"
            busy={done.isPending}
            disabled={chosen.length === 0 || done.isSuccess}
            onClick={() => {
              done.mutate();
            }}
          >
            Import
          </Button>
          <span role="status" className="text-muted text-sm">
            {done.isSuccess && done.data.message}
          </span>
        </div>
      )}
    </Section>
  );
}

function Plan({
  plan,
  left,
  toggle,
  locked,
}: {
  plan: Imported;
  left: string[];
  toggle: (section: string) => void;
  locked: boolean;
}) {
  const from = plan.origin === 'reference' ? 'Pulse 5.1, format' : 'Pulse';
  return (
    <div className="flex max-w-2xl flex-col gap-4" aria-label="What would change" role="group">
      <p className="text-sm">
        From {from}
        {plan.version ? ` ${plan.version}` : ''}
        {plan.exportedAt ? `, exported on ${new Date(plan.exportedAt).toLocaleString()}` : ''}.
      </p>
      <ul className="flex flex-col gap-3">
        {plan.changes.map((c) => (
          <li key={c.section} className="border-line rounded-md border px-3 py-2">
            <Checkbox
              label={words(c.section)}
              hint={counts(c)}
              checked={!left.includes(c.section)}
              disabled={locked}
              onChange={() => {
                toggle(c.section);
              }}
            />
            <Names title="New" names={c.added} />
            <Names title="Changed" names={c.changed.map((x) => `${x.name} (${x.members.join(', ')})`)} />
            <Names title="Removed" names={c.removed} />
          </li>
        ))}
      </ul>
      {plan.left.length > 0 && (
        <div>
          <h3 className="text-sm font-semibold">What cannot come</h3>
          <ul className="mt-1 flex flex-col gap-1 text-sm">
            {plan.left.map((l) => (
              <li key={l.what}>
                <span className="font-medium">{l.what}</span>
                <span className="text-muted">: {l.reason}</span>
              </li>
            ))}
          </ul>
        </div>
      )}
    </div>
  );
}

function counts(c: ConfigChange): string {
  const parts = [
    [c.added.length, 'new'],
    [c.changed.length, 'changed'],
    [c.removed.length, 'removed'],
    [c.same, 'as they are'],
  ] as const;
  const said = parts.filter(([n]) => n > 0).map(([n, word]) => `${String(n)} ${word}`);
  return said.length === 0 ? 'nothing' : said.join(', ');
}

function Names({ title, names }: { title: string; names: string[] }) {
  if (names.length === 0) return null;
  return (
    <details className="mt-1 ml-7 text-sm">
      <summary className="text-muted cursor-pointer">
        {title}: {names.length}
      </summary>
      <ul className="mt-1 ml-4 list-disc">
        {names.map((n) => (
          <li key={n} className="wrap-anywhere">
            {n}
          </li>
        ))}
      </ul>
    </details>
  );
}
