import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { beginSecondStep, disableSecondStep, enableSecondStep, type Enrolment } from '@/api/access.ts';
import { ApiError } from '@/api/client.ts';
import { securityStatus } from '@/api/queries.ts';
import { ApiProblem } from '@/parts/api-problem.tsx';
import { Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Dialog } from '@/ui/dialog.tsx';
import { Field } from '@/ui/field.tsx';
import { Section } from './section.tsx';

/** The one-time codes of the one who is logged in. */
export function SecondStep() {
  const status = useQuery(securityStatus).data;
  const client = useQueryClient();
  const [turningOff, setTurningOff] = useState(false);
  const refresh = () => client.invalidateQueries({ queryKey: securityStatus.queryKey });
  const begin = useMutation({ mutationFn: beginSecondStep });
  if (!status) return null;
  const left = status.recoveryCodesLeft;
  return (
    <Section
      title="One-time codes"
      lead="An authenticator app on your phone shows a code that logging in asks for as well. Who has found your password is kept out."
    >
      {status.secondStep ? (
        <>
          <p className="text-sm">
            They are on. {left} {left === 1 ? 'recovery code is' : 'recovery codes are'} left
            {left < 3 && ': turn the codes off and on again to get new ones'}.
          </p>
          <div>
            <Button look="danger" onClick={() => setTurningOff(true)}>
              Turn off …
            </Button>
          </div>
        </>
      ) : (
        <div>
          <Button busy={begin.isPending} onClick={() => begin.mutate()}>
            Set up …
          </Button>
        </div>
      )}
      {begin.isError && <ApiProblem title="One-time codes cannot be set up." error={begin.error} />}
      {begin.data && (
        <Enrol
          enrolment={begin.data}
          onClose={() => {
            begin.reset();
            void refresh();
          }}
        />
      )}
      {turningOff && (
        <TurnOff
          onClose={() => {
            setTurningOff(false);
            void refresh();
          }}
        />
      )}
    </Section>
  );
}

function wrongCode(error: unknown): string | undefined {
  return error instanceof ApiError && (error.status === 400 || error.code === 'wrong_code')
    ? error.message
    : undefined;
}

function CodeField({
  error,
  value,
  onChange,
}: {
  error: unknown;
  value: string;
  onChange: (code: string) => void;
}) {
  return (
    <Field
      label="Code"
      autoComplete="one-time-code"
      autoCapitalize="none"
      spellCheck={false}
      required
      autoFocus
      className="font-mono"
      value={value}
      onChange={(e) => onChange(e.target.value)}
      error={wrongCode(error)}
    />
  );
}

function Enrol({ enrolment, onClose }: { enrolment: Enrolment; onClose: () => void }) {
  const [code, setCode] = useState('');
  const enable = useMutation({ mutationFn: () => enableSecondStep(code) });
  if (enable.data) {
    return (
      <Dialog title="Recovery codes" onClose={onClose}>
        <p className="mb-2 text-sm">
          One-time codes are on. If you lose the phone, each of these lets you in once. Keep them where you
          keep your passwords; they are shown only now.
        </p>
        <CopyText label="Recovery codes" text={enable.data.join('\n')} />
        <div className="mt-3 flex justify-end">
          <Button look="primary" onClick={onClose}>
            I have kept them
          </Button>
        </div>
      </Dialog>
    );
  }
  return (
    <Dialog title="Set up one-time codes" onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          enable.mutate();
        }}
      >
        <p className="text-sm">
          Scan this with an authenticator app, or{' '}
          <a href={enrolment.url} className="text-accent underline">
            open it there
          </a>
          . Then type the code that it shows.
        </p>
        <img
          src={enrolment.qr}
          alt="QR code of the secret"
          width={240}
          height={240}
          className="self-center rounded-md bg-white p-2"
        />
        <CopyText label="The secret, to type it in" text={enrolment.secret} />
        <CodeField error={enable.error} value={code} onChange={setCode} />
        {enable.isError && wrongCode(enable.error) === undefined && (
          <ApiProblem title="One-time codes were not turned on." error={enable.error} />
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" busy={enable.isPending}>
            Turn on
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function TurnOff({ onClose }: { onClose: () => void }) {
  const [code, setCode] = useState('');
  const off = useMutation({ mutationFn: () => disableSecondStep(code), onSuccess: onClose });
  return (
    <Dialog title="Turn off one-time codes?" onClose={onClose}>
      <form
        className="flex flex-col gap-4"
        onSubmit={(e) => {
          e.preventDefault();
          off.mutate();
        }}
      >
        <p className="text-sm">Type a code of the app, or a recovery code.</p>
        <CodeField error={off.error} value={code} onChange={setCode} />
        {off.isError && wrongCode(off.error) === undefined && (
          <ApiProblem title="They were not turned off." error={off.error} />
        )}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep them</Button>
          <Button type="submit" look="danger" busy={off.isPending}>
            Turn off
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
