import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Check, Minus, TriangleAlert, X } from 'lucide-react';
import { useEffect, useMemo, useRef, useState } from 'react';
import {
  integrations,
  pluginSchema,
  saveIntegration,
  tryIntegration,
  type Integration,
  type Network,
  type Tried,
} from '@/api/integrations.ts';
import { number } from '@/format/number.ts';
import { Fields } from '@/form/form.tsx';
import { fieldsOf } from '@/form/schema.ts';
import type { Value } from '@/form/value.ts';
import { ReadOnly } from '@/parts/read-only.tsx';
import { useLive } from '@/live/hooks.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { findingsOf } from '@/form/refused.ts';
import { Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { cx } from '@/ui/cx.ts';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Skeleton } from '@/ui/message.tsx';
import type { Found } from './add-address.tsx';
import { ClusterMembers } from './cluster-members.tsx';
import { fingerprint, NetworkFields } from './network.tsx';
import { withTrusted } from './trusted.ts';

/** The form of one integration, made from its plugin's schema. It can be tried before it is saved. */
export function IntegrationForm({
  kind,
  stored,
  initial,
  tells = false,
  onDone,
}: {
  kind: string;
  stored?: Integration;
  /** What is known already of one that is new. */
  initial?: Found | undefined;
  /** It is a channel: it tells people and asks nothing. */
  tells?: boolean;
  onDone: () => void;
}) {
  const client = useQueryClient();
  const schema = useQuery(pluginSchema(kind));
  const [name, setName] = useState(stored?.name ?? initial?.name ?? '');
  const [title, setTitle] = useState(stored?.title ?? '');
  const [enabled, setEnabled] = useState(stored?.enabled ?? true);
  const [config, setConfig] = useState<Value>(stored?.config ?? initial?.config ?? {});
  const [network, setNetwork] = useState<Network>(stored?.network ?? initial?.network ?? {});
  const fields = useMemo(() => fieldsOf(schema.data), [schema.data]);
  const draft = {
    kind,
    name: name.trim(),
    title: title.trim(),
    enabled,
    config,
    network,
    revision: stored?.revision ?? 0,
  };
  const test = useMutation({ mutationFn: () => tryIntegration(draft) });
  const save = useMutation({
    mutationFn: () => saveIntegration(draft),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: integrations.queryKey });
      onDone();
    },
  });
  const readOnly = stored?.origin !== undefined && stored.origin !== '';
  const refused = save.error ?? test.error;
  const findings = refused ? findingsOf(refused) : (test.data?.diagnostics ?? []);

  if (schema.isPending) return <Skeleton className="h-40 w-full" />;
  if (schema.isError) {
    return (
      <ApiProblem
        title="The form could not be loaded."
        error={schema.error}
        retry={() => void schema.refetch()}
      />
    );
  }
  return (
    <form
      noValidate
      className="flex flex-col gap-4"
      onSubmit={(e) => {
        e.preventDefault();
        test.reset();
        save.mutate();
      }}
    >
      {readOnly && <ReadOnly origin={stored.origin} />}
      <Field
        label="Name"
        required
        autoFocus
        disabled={readOnly || stored !== undefined}
        hint="Lower-case letters, digits, dots, dashes and underscores."
        error={findings.find((f) => f.path === 'name')?.detail}
        value={name}
        onChange={(e) => setName(e.target.value)}
      />
      {stored !== undefined && (
        <Field
          label="Shown as"
          autoFocus
          disabled={readOnly}
          placeholder={name}
          maxLength={200}
          hint="Can be changed at any time; the name is part of ids and stays."
          error={findings.find((f) => f.path === 'title')?.detail}
          value={title}
          onChange={(e) => setTitle(e.target.value)}
        />
      )}
      <Fields
        fields={fields}
        value={config}
        onChange={setConfig}
        findings={findings}
        path=""
        disabled={readOnly}
      />
      {stored && <ClusterMembers of={stored} />}
      <NetworkFields value={network} onChange={setNetwork} disabled={readOnly} />
      <Checkbox
        label="Enabled"
        hint={
          tells ? 'Disabled, it tells nobody.' : 'Disabled, it asks nothing, and what it brought goes stale.'
        }
        checked={enabled}
        disabled={readOnly}
        onChange={(e) => setEnabled(e.target.checked)}
      />
      {test.data && !save.isError && (
        <Outcome
          tried={test.data}
          trust={
            readOnly
              ? undefined
              : (certificate) => {
                  setNetwork((n) => ({
                    ...n,
                    pins: { ...n.pins, [certificate.address]: certificate.sha256 },
                  }));
                  setConfig((c) => withTrusted(c, certificate.address, fingerprint(certificate.sha256)));
                  test.reset();
                }
          }
        />
      )}
      {test.isError && <ApiProblem title="It could not be tried." error={test.error} />}
      {save.isError && <ApiProblem title="It was not saved." error={save.error} />}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={onDone}>{readOnly ? 'Close' : 'Cancel'}</Button>
        {!readOnly && (
          <>
            <Button
              busy={test.isPending}
              onClick={() => {
                save.reset();
                test.mutate();
              }}
            >
              Test
            </Button>
            <Button type="submit" look="primary" busy={save.isPending} disabled={name.trim() === ''}>
              Save
            </Button>
          </>
        )}
      </div>
    </form>
  );
}

const marks: Partial<Record<string, React.ReactNode>> = {
  passed: <Check size={16} aria-hidden className="text-accent mt-0.5 shrink-0" />,
  failed: <X size={16} aria-hidden className="text-down mt-0.5 shrink-0" />,
  warning: <TriangleAlert size={16} aria-hidden className="text-degraded mt-0.5 shrink-0" />,
  skipped: <Minus size={16} aria-hidden className="text-muted mt-0.5 shrink-0" />,
};

type Untrusted = NonNullable<Tried['untrustedCertificate']>;

function Outcome({ tried, trust }: { tried: Tried; trust: ((c: Untrusted) => void) | undefined }) {
  const untrusted = tried.untrustedCertificate;
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    // What it returns in some browsers is no clean-up.
    box.current?.scrollIntoView({ block: 'nearest' });
  }, [tried]);
  const missing = tried.missingPrivileges ?? [];
  const remedies = [...new Set(missing.map((m) => m.remedy ?? ''))].filter((text) => text !== '');
  // What is said below with its remedy is not said twice.
  const steps = tried.steps.filter(
    (s) => s.outcome !== 'warning' || !missing.some((m) => s.name.endsWith(m.privilege)),
  );
  const what = [tried.product, tried.version].filter(Boolean).join(' ');
  return (
    <section
      ref={box}
      aria-label="Result of the test"
      role="status"
      className="border-line flex flex-col gap-2 rounded-md border p-3"
    >
      <p className={cx('font-medium break-words', !tried.ok && 'text-down')}>
        {tried.ok ? `It works${what && `: ${what}`}.` : (tried.failure ?? 'It does not work.')}
      </p>
      {untrusted && trust && (
        <div className="flex flex-col items-start gap-2">
          <p className="text-sm">
            Compare the fingerprint with the one that {untrusted.address} itself shows, then trust it:
            <code className="bg-page mt-1 block rounded p-2 font-mono text-xs break-all">
              {fingerprint(untrusted.sha256)}
            </code>
          </p>
          <Button small onClick={() => trust(untrusted)}>
            Trust this certificate
          </Button>
        </div>
      )}
      {steps.length > 0 && (
        <ol className="flex flex-col gap-1">
          {steps.map((s, i) => (
            <li key={i} className="flex gap-2 text-sm">
              {marks[s.outcome] ?? marks.skipped}
              <span className="min-w-0">
                {s.name} <span className="text-muted">({s.outcome})</span>
                {s.message && s.message !== tried.failure && (
                  <span className="text-muted block text-xs break-words">{s.message}</span>
                )}
              </span>
              <span className="num text-muted ml-auto shrink-0 text-xs">{s.took} ms</span>
            </li>
          ))}
        </ol>
      )}
      <Sight tried={tried} />
      {missing.length > 0 && (
        <>
          <p className="text-sm">Some of it will be missing, because of rights that the account lacks:</p>
          <ul aria-label="Missing rights" className="flex list-disc flex-col gap-1 pl-5 text-sm">
            {missing.map((m) => (
              <li key={`${m.privilege} ${m.path}`}>
                <code className="font-mono">{m.privilege}</code>
                {m.path && (
                  <>
                    {' '}
                    on <code className="font-mono">{m.path}</code>
                  </>
                )}
                {m.effect && <span className="text-muted">: {m.effect}</span>}
              </li>
            ))}
          </ul>
          {remedies.length > 0 && (
            <>
              <p className="text-sm">Give those that you want, on the system itself, and test again:</p>
              <CopyText label="Commands that give the rights" text={remedies.join('\n')} />
            </>
          )}
        </>
      )}
    </section>
  );
}

/** What the account sees: the members of the cluster, and how much of each kind. */
function Sight({ tried }: { tried: Tried }) {
  const types = useLive((l) => l.catalog.types);
  const counts = Object.entries(tried.found ?? {}).filter(([, n]) => n > 0);
  return (
    <>
      {(tried.members ?? []).length > 0 && (
        <div className="text-sm">
          <p>Members of the cluster {tried.cluster}; the others are asked when this one cannot be reached:</p>
          <ul aria-label="Members of the cluster" className="mt-1 flex flex-col gap-0.5">
            {(tried.members ?? []).map((m) => (
              <li key={m.name} className="flex flex-wrap gap-x-2 text-xs">
                <span className="font-medium">{m.name}</span>
                <span className="num text-muted">{m.address}</span>
                <span className={m.online ? 'text-muted' : 'text-down'}>
                  {m.asked ? 'answered' : m.online ? 'online' : 'offline'}
                </span>
              </li>
            ))}
          </ul>
        </div>
      )}
      {counts.length > 0 && (
        <p className="text-muted text-sm">
          The account sees{' '}
          {counts
            .map(([type, n]) => {
              const of = types.find((t) => t.name === type);
              return `${number(n)} ${(n === 1 ? of?.label : of?.plural) ?? type}`;
            })
            .join(', ')}
          .
        </p>
      )}
    </>
  );
}
