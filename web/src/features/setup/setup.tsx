import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type SubmitEvent } from 'react';
import { ApiError } from '@/api/client.ts';
import { checkBootstrapToken, login, quickSetup, securityStatus } from '@/api/queries.ts';
import type { SecurityStatus } from '@/api/types.ts';
import { quoted } from '@/hosts/command.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Gate } from '@/parts/gate.tsx';
import { NewPassword, passwordUsable } from '@/parts/new-password.tsx';
import { Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Field } from '@/ui/field.tsx';

/** The first visit: prove access to the server's machine, then make the account. */
export function Setup() {
  const [token, setToken] = useState<string>();
  useEffect(() => {
    document.title = 'Set up · Pulse';
  }, []);
  return token === undefined ? <Claim onDone={setToken} /> : <Account token={token} />;
}

/** How the token is found where this server runs, wherever its program lies. */
function tokenCommand(status: SecurityStatus | undefined): string {
  const file = status?.bootstrapTokenPath;
  return file ? `cat ${quoted(file)}` : 'pulse bootstrap-token';
}

function Claim({ onDone }: { onDone: (token: string) => void }) {
  const status = useQuery(securityStatus);
  const [token, setToken] = useState('');
  const check = useMutation({
    mutationFn: () => checkBootstrapToken(token.trim()),
    onSuccess: () => onDone(token.trim()),
  });
  const wrong = check.error instanceof ApiError && check.error.status === 401;
  return (
    <Gate
      title="Welcome to Pulse"
      lead="This server belongs to nobody yet. To show that it is yours, show its bootstrap token on the machine where it runs, as root or as its user:"
    >
      <div className="mt-3">
        <CopyText label="Command that prints the token" text={tokenCommand(status.data)} />
      </div>
      <form
        className="mt-2 flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          check.mutate();
        }}
      >
        <Field
          label="Bootstrap token"
          name="bootstrap-token"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          required
          autoFocus
          className="font-mono"
          value={token}
          onChange={(e) => setToken(e.target.value)}
          error={wrong ? 'This is not the token of this server.' : undefined}
        />
        {check.isError && !wrong && <ApiProblem title="The token was not checked." error={check.error} />}
        <Button type="submit" look="primary" busy={check.isPending}>
          Continue
        </Button>
      </form>
    </Gate>
  );
}

function Account({ token }: { token: string }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const [name, setName] = useState('admin');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [tried, setTried] = useState(false);
  const create = useMutation({
    mutationFn: async () => {
      await quickSetup(token, { username: name.trim(), password });
      await login(name.trim(), password, false);
    },
    onSuccess: async () => {
      await queries.resetQueries();
      await navigate({ to: '/' });
    },
  });

  function submit(e: SubmitEvent) {
    e.preventDefault();
    setTried(true);
    if (name.trim() !== '' && passwordUsable(password, again)) create.mutate();
  }

  return (
    <Gate title="Make your account" lead="It may do everything on this server.">
      <form className="mt-4 flex flex-col gap-4" onSubmit={submit} noValidate>
        <Field
          label="User name"
          name="username"
          autoComplete="username"
          autoCapitalize="none"
          required
          value={name}
          onChange={(e) => setName(e.target.value)}
          error={tried && name.trim() === '' ? 'A name is needed.' : undefined}
        />
        <NewPassword
          userName={name}
          password={password}
          again={again}
          onPassword={setPassword}
          onAgain={setAgain}
          tried={tried}
        />
        {create.isError && <ApiProblem title="The account was not made." error={create.error} />}
        <Button type="submit" look="primary" busy={create.isPending}>
          Make the account and log in
        </Button>
      </form>
    </Gate>
  );
}
