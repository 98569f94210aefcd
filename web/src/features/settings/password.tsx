import { useMutation, useQuery } from '@tanstack/react-query';
import { useState, type SubmitEvent } from 'react';
import { ApiError } from '@/api/client.ts';
import { changePassword, securityStatus } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { NewPassword, passwordUsable } from '@/parts/new-password.tsx';
import { Button } from '@/ui/button.tsx';
import { Field } from '@/ui/field.tsx';
import { Passkeys } from './passkeys.tsx';
import { SecondStep } from './second-step.tsx';
import { Section } from './section.tsx';

/** The account of the one who is logged in. */
export function Password() {
  const status = useQuery(securityStatus).data;
  if (status && !status.hasPassword) {
    return (
      <Section title="Account">
        <p className="text-muted max-w-prose text-sm">
          You are <span className="font-medium break-all">{status.authUsername}</span> here, and log in by{' '}
          {status.oidcUsername ? 'single sign-on' : 'the server in front of this one'}. Password, one-time
          codes and passkeys are looked after there.
        </p>
      </Section>
    );
  }
  return (
    <div className="flex flex-col gap-8">
      <ChangePassword />
      <SecondStep />
      <Passkeys />
    </div>
  );
}

function ChangePassword() {
  const status = useQuery(securityStatus);
  const user = status.data?.authUsername ?? '';
  const [current, setCurrent] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const change = useMutation({
    mutationFn: () => changePassword(current, password),
    onSuccess: () => {
      setCurrent('');
      setPassword('');
      setAgain('');
      setTried(false);
    },
  });
  const wrong = change.error instanceof ApiError && change.error.status === 401;

  function submit(e: SubmitEvent) {
    e.preventDefault();
    setTried(true);
    if (current !== '' && passwordUsable(password, again)) change.mutate();
  }

  return (
    <Section title="Password" lead="Changing it logs out every other browser. Tokens stay.">
      <form onSubmit={submit} noValidate className="flex max-w-96 flex-col gap-4">
        <input type="text" name="username" autoComplete="username" value={user} readOnly hidden />
        <Field
          label="Current password"
          type="password"
          name="current-password"
          autoComplete="current-password"
          required
          value={current}
          onChange={(e) => setCurrent(e.target.value)}
          error={wrong ? 'This is not the current password.' : undefined}
        />
        <NewPassword
          label="New password"
          userName={user}
          password={password}
          again={again}
          onPassword={setPassword}
          onAgain={setAgain}
          tried={tried}
        />
        {change.isError && !wrong && (
          <ApiProblem title="The password was not changed." error={change.error} />
        )}
        <div className="flex items-center gap-3">
          <Button type="submit" look="primary" busy={change.isPending}>
            Change the password
          </Button>
          <span role="status" className="text-sm">
            {change.isSuccess && 'The password is changed.'}
          </span>
        </div>
      </form>
    </Section>
  );
}
