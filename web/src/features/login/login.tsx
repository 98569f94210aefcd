import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate, useRouter, useSearch } from '@tanstack/react-router';
import { useEffect, useState, type SubmitEvent } from 'react';
import { address, ApiError } from '@/api/client.ts';
import { canUsePasskeys, passkeyLogin } from '@/api/passkeys.ts';
import { login, securityStatus } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Gate } from '@/parts/gate.tsx';
import { Button } from '@/ui/button.tsx';
import { Checkbox, Field } from '@/ui/field.tsx';
import { Problem } from '@/ui/message.tsx';
import { below, ownPlace } from './next.ts';

/** The login. It goes on to where the visitor wanted to be. */
export function Login() {
  const { next, refused } = useSearch({ from: '/login' });
  const navigate = useNavigate();
  const router = useRouter();
  const queries = useQueryClient();
  const status = useQuery(securityStatus);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [remember, setRemember] = useState(false);
  const [code, setCode] = useState('');

  useEffect(() => {
    document.title = 'Log in · Pulse';
  }, []);

  useEffect(() => {
    if (status.data?.bootstrapTokenPath) void navigate({ to: '/setup' });
  }, [status.data, navigate]);

  const goOn = async () => {
    await queries.resetQueries();
    // Places are those of the app; the history's are those of the browser, below the base path.
    router.history.push(below(ownPlace(next, document.baseURI), document.baseURI));
  };
  const attempt = useMutation({
    mutationFn: () => login(name, password, remember, code.trim()),
    onSuccess: goOn,
  });
  const key = useMutation({ mutationFn: () => passkeyLogin(remember), onSuccess: goOn });

  const asked = attempt.error instanceof ApiError && attempt.error.code === 'second_step_required';
  // Asked once, the field stays: a mistyped code is corrected in place.
  const [second, setSecond] = useState(false);
  if (asked && !second) setSecond(true);

  function submit(e: SubmitEvent) {
    e.preventDefault();
    attempt.mutate();
  }

  return (
    <Gate title="Log in">
      <form onSubmit={submit} className="mt-4 flex flex-col gap-4">
        <Field
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          required
          autoFocus
          value={name}
          onChange={(e) => setName(e.target.value)}
        />
        <Field
          label="Password"
          name="password"
          type="password"
          autoComplete="current-password"
          required
          value={password}
          onChange={(e) => setPassword(e.target.value)}
        />
        {second && (
          <Field
            label="One-time code"
            hint="From your authenticator app, or a recovery code."
            name="code"
            autoComplete="one-time-code"
            autoCapitalize="none"
            spellCheck={false}
            required
            autoFocus
            className="font-mono"
            value={code}
            onChange={(e) => setCode(e.target.value)}
          />
        )}
        <Checkbox
          label="Stay logged in for 30 days"
          checked={remember}
          onChange={(e) => setRemember(e.target.checked)}
        />
        {attempt.isError && !asked && <LoginProblem error={attempt.error} second={second} />}
        <Button type="submit" look="primary" busy={attempt.isPending}>
          Log in
        </Button>
      </form>
      {canUsePasskeys() && (
        <Button className="mt-4 w-full" busy={key.isPending} onClick={() => key.mutate()}>
          Log in with a passkey
        </Button>
      )}
      {key.isError && <ApiProblem title="The login failed." error={key.error} />}
      {refused && <SignOnProblem code={refused} />}
      {status.data?.ssoProviders.map((p) => (
        <a
          key={p.id}
          href={address(
            `${p.loginUrl.slice(1)}?${new URLSearchParams({ returnTo: ownPlace(next, document.baseURI) })}`,
          )}
          className="border-line-strong hover:bg-hover mt-4 flex h-9 items-center justify-center rounded-md border px-3 font-medium max-sm:h-11"
        >
          {p.name}
        </a>
      ))}
    </Gate>
  );
}

function LoginProblem({ error, second }: { error: unknown; second: boolean }) {
  if (!(error instanceof ApiError)) return <ApiProblem title="The login failed." error={error} />;
  const { code, body } = error;
  if (code === 'invalid_credentials' || error.status === 401) {
    const left = typeof body.remaining === 'number' ? ` ${body.remaining} attempts are left.` : '';
    const locked = body.locked === true ? ' Logging in is locked for a while.' : left;
    return (
      <Problem
        title={second ? 'User name, password or code is wrong.' : 'User name or password is wrong.'}
        text={`Check them and try again.${locked}`}
      />
    );
  }
  if (code === 'account_locked') {
    const minutes = typeof body.remainingMinutes === 'number' ? body.remainingMinutes : 15;
    return (
      <Problem
        title="Too many failed attempts."
        text={`Logging in is possible again in ${minutes} min.`}
        requestId={error.requestId}
      />
    );
  }
  return <ApiProblem title="The login failed." error={error} />;
}

const refusals: Record<string, string> = {
  access_denied: 'The provider did not let you in, or you went back.',
  oidc_init_failed: 'The provider does not answer. Try again later, or log in with a password.',
  invalid_state: 'It took too long, or was begun in another browser. Try again.',
  email_restricted: 'Your mail address is not allowed here, or the provider has not verified it.',
  domain_restricted:
    'The domain of your mail address is not allowed here, or the provider has not verified it.',
  group_restricted: 'You are in none of the groups that may log in here.',
  session_failed:
    'A user of your name is here already and is not you, or you are disabled. An administrator can change that.',
};

function SignOnProblem({ code }: { code: string }) {
  return (
    <div className="mt-4">
      <Problem
        title="Single sign-on failed."
        text={refusals[code] ?? 'The audit log tells an administrator why.'}
      />
    </div>
  );
}
