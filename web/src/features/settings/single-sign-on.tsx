import { Check, X } from 'lucide-react';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { ApiError } from '@/api/client.ts';
import {
  saveSingleSignOn,
  singleSignOn,
  tryProvider,
  type SingleSignOn as Known,
  type SingleSignOnChange,
} from '@/api/sso.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Loaded } from '@/parts/loaded.tsx';
import { FormSkeleton } from '@/parts/table-skeleton.tsx';
import { Button } from '@/ui/button.tsx';
import { Checkbox, Field, TextArea } from '@/ui/field.tsx';
import { Section } from './section.tsx';

/** How people log in by a provider of OpenID Connect. */
export function SingleSignOn() {
  const known = useQuery(singleSignOn);
  return (
    <Section
      title="Single sign-on"
      lead="People log in at a provider of OpenID Connect, such as Keycloak, Authentik or Entra ID. Local users stay."
    >
      <Loaded query={known} failed="The settings could not be loaded." skeleton={<FormSkeleton />}>
        {(data) => <Form key={JSON.stringify(data)} known={data} />}
      </Loaded>
    </Section>
  );
}

/** What the provider did step by step, up to the first that failed. */
function Outcome({ steps }: { steps: Awaited<ReturnType<typeof tryProvider>>['steps'] }) {
  return (
    <ol aria-label="What was tested" className="flex flex-col gap-2 text-sm">
      {steps.map((s) => (
        <li key={s.name} className="flex gap-2">
          {s.ok ? (
            <Check size={16} className="text-muted mt-0.5 shrink-0" aria-label="passed" />
          ) : (
            <X size={16} className="text-down mt-0.5 shrink-0" aria-label="failed" />
          )}
          <span className="min-w-0">
            <span className="font-medium">{s.name}</span>
            <span className="text-muted block text-xs wrap-anywhere">{s.detail}</span>
          </span>
        </li>
      ))}
    </ol>
  );
}

/** The fields as people write them: lists with commas, roles line by line. */
interface Draft {
  enabled: boolean;
  issuerUrl: string;
  clientId: string;
  clientSecret: string;
  redirectUrl: string;
  logoutUrl: string;
  scopes: string;
  usernameClaim: string;
  emailClaim: string;
  groupsClaim: string;
  allowedGroups: string;
  allowedDomains: string;
  allowedEmails: string;
  groupRoleMappings: string;
  caBundle: string;
  allowLoopback: boolean;
}

function draftOf(k: Known): Draft {
  return {
    ...k,
    clientSecret: '',
    scopes: k.scopes.join(', '),
    allowedGroups: k.allowedGroups.join(', '),
    allowedDomains: k.allowedDomains.join(', '),
    allowedEmails: k.allowedEmails.join(', '),
    groupRoleMappings: Object.entries(k.groupRoleMappings)
      .map(([group, role]) => `${group} = ${role}`)
      .join('\n'),
  };
}

const list = (text: string) =>
  text
    .split(',')
    .map((t) => t.trim())
    .filter(Boolean);

/** Lines of group = role. The last sign divides: names of groups may hold one. */
function mappings(text: string): Record<string, string> {
  const out: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const at = line.lastIndexOf('=');
    const group = line.slice(0, Math.max(at, 0)).trim();
    const role = line.slice(at + 1).trim();
    if (group && role) out[group] = role;
  }
  return out;
}

function changeOf(d: Draft): SingleSignOnChange {
  return {
    enabled: d.enabled,
    issuerUrl: d.issuerUrl.trim(),
    clientId: d.clientId.trim(),
    clientSecret: d.clientSecret,
    redirectUrl: d.redirectUrl.trim(),
    logoutUrl: d.logoutUrl.trim(),
    scopes: list(d.scopes),
    usernameClaim: d.usernameClaim,
    emailClaim: d.emailClaim,
    groupsClaim: d.groupsClaim,
    allowedGroups: list(d.allowedGroups),
    allowedDomains: list(d.allowedDomains),
    allowedEmails: list(d.allowedEmails),
    groupRoleMappings: mappings(d.groupRoleMappings),
    caBundle: d.caBundle,
    allowLoopback: d.allowLoopback,
  };
}

/** The field that a refusal is about. */
function fieldOf(error: unknown): string | undefined {
  const details = error instanceof ApiError ? error.body.details : undefined;
  return typeof details === 'object' && details !== null && 'field' in details
    ? String(details.field)
    : undefined;
}

type TextKey = { [K in keyof Draft]: Draft[K] extends string ? K : never }[keyof Draft];

function Form({ known }: { known: Known }) {
  const client = useQueryClient();
  const [draft, setDraft] = useState(() => draftOf(known));
  const fixed = known.envOverrides !== undefined;
  const save = useMutation({
    mutationFn: () => saveSingleSignOn(changeOf(draft)),
    onSuccess: async (now) => {
      setDraft(draftOf(now));
      await client.invalidateQueries({ queryKey: ['security', 'status'] });
    },
  });
  const test = useMutation({ mutationFn: () => tryProvider(changeOf(draft)) });
  const failed = save.error ?? test.error;
  const field = fieldOf(failed);
  const change = (next: Partial<Draft>) => {
    save.reset();
    test.reset();
    setDraft({ ...draft, ...next });
  };
  const text = (key: TextKey) => ({
    value: draft[key],
    disabled: fixed,
    error: field === key ? failed?.message : undefined,
    onChange: (e: { target: { value: string } }) => change({ [key]: e.target.value }),
  });
  const lines = (key: TextKey) => {
    const { error, ...rest } = text(key);
    return { ...rest, 'aria-invalid': error !== undefined };
  };
  const submit = (e: SubmitEvent) => {
    e.preventDefault();
    save.mutate();
  };
  return (
    <form className="flex max-w-md flex-col gap-5" onSubmit={submit} noValidate>
      {fixed && (
        <p className="text-muted text-sm">
          The block oidc of the configuration file decides; it is changed there.
        </p>
      )}
      <Checkbox
        label="People may log in by the provider"
        checked={draft.enabled}
        disabled={fixed}
        onChange={(e) => change({ enabled: e.target.checked })}
      />
      <Field
        label="Issuer URL"
        type="url"
        placeholder="https://id.example.com/realms/home"
        {...text('issuerUrl')}
      />
      <Field label="Client ID" autoComplete="off" {...text('clientId')} />
      <Field
        label="Client secret"
        type="password"
        autoComplete="new-password"
        {...text('clientSecret')}
        hint={
          known.clientSecretSet
            ? 'One is stored. Blank keeps it, as long as the issuer stays.'
            : 'Blank for a public client.'
        }
      />
      <Field
        label="Redirect URL"
        type="url"
        placeholder={known.defaultRedirect}
        {...text('redirectUrl')}
        hint={`The provider must allow it. Blank: ${known.defaultRedirect}`}
      />
      <Field
        label="Logout URL"
        type="url"
        {...text('logoutUrl')}
        hint={`Where people are led after logging out here. Blank: to the provider’s own page, which must allow to come back to ${known.defaultRedirect.replace('api/oidc/callback', 'login')}`}
      />
      <Field label="Scopes" {...text('scopes')} hint="With commas between; openid is needed." />
      <Field
        label="Claim with the user name"
        {...text('usernameClaim')}
        hint="Choose one that people cannot change at the provider."
      />
      <Field label="Claim with the mail address" {...text('emailClaim')} />
      <Field
        label="Claim with the groups"
        placeholder="groups"
        {...text('groupsClaim')}
        hint="Blank: nobody is in a group."
      />
      <Field label="Allowed groups" {...text('allowedGroups')} hint="With commas between. Blank: all." />
      <Field
        label="Allowed mail domains"
        placeholder="example.com"
        {...text('allowedDomains')}
        hint="The provider must have verified the address."
      />
      <Field label="Allowed mail addresses" {...text('allowedEmails')} />
      <TextArea
        label="Roles of groups"
        placeholder={'admins = admin\nstaff = viewer'}
        {...lines('groupRoleMappings')}
        hint="A line for each: group = id of a role. When there are any, they decide all roles of who logs in; without any, new people have no role until they are given one."
      />
      <TextArea
        label="Certificates that are trusted too (PEM)"
        className="font-mono text-xs"
        {...lines('caBundle')}
      />
      <Checkbox
        label="The provider may run on this machine itself"
        checked={draft.allowLoopback}
        disabled={fixed}
        onChange={(e) => change({ allowLoopback: e.target.checked })}
      />
      {failed && <ApiProblem title="The settings cannot be used." error={failed} />}
      {test.data && <Outcome steps={test.data.steps} />}
      <div className="flex flex-wrap items-center gap-3">
        <Button type="submit" look="primary" busy={save.isPending} disabled={fixed}>
          Save
        </Button>
        <Button busy={test.isPending} onClick={() => test.mutate()}>
          Test the provider
        </Button>
        <span role="status" className="text-muted text-sm">
          {save.isSuccess && 'Saved.'}
          {test.data && (test.data.ok ? 'The provider can be used.' : 'The provider cannot be used yet.')}
        </span>
      </div>
    </form>
  );
}
