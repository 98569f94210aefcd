import { judgePassword } from '@/format/password.ts';
import { cx } from '@/ui/cx.ts';
import { Field } from '@/ui/field.tsx';

export interface NewPasswordProps {
  label?: string;
  userName: string;
  password: string;
  again: string;
  onPassword: (v: string) => void;
  onAgain: (v: string) => void;
  /** Errors show only after the first attempt to go on. */
  tried: boolean;
}

/** Whether the two fields hold a password that can be used. */
export function passwordUsable(password: string, again: string): boolean {
  return judgePassword(password).error === '' && password === again;
}

const fills = ['bg-track', 'bg-down', 'bg-degraded-mark', 'bg-accent', 'bg-accent'];

/** A new password, twice, with how good it is. */
export function NewPassword({
  label = 'Password',
  userName,
  password,
  again,
  onPassword,
  onAgain,
  tried,
}: NewPasswordProps) {
  const verdict = judgePassword(password, userName);
  return (
    <>
      <div className="flex flex-col gap-2">
        <Field
          label={label}
          type="password"
          name="new-password"
          autoComplete="new-password"
          required
          value={password}
          onChange={(e) => onPassword(e.target.value)}
          hint="At least 12 characters. A few random words are easy to remember and hard to guess."
          error={tried && verdict.error !== '' ? verdict.error : undefined}
        />
        <div className="flex items-center gap-2">
          <span className="flex flex-1 gap-1" aria-hidden>
            {[1, 2, 3, 4].map((n) => (
              <span
                key={n}
                className={cx(
                  'h-1 flex-1 rounded-sm',
                  n <= verdict.strength ? fills[verdict.strength] : 'bg-track',
                )}
              />
            ))}
          </span>
          <span className="text-muted w-16 text-right text-xs" role="status">
            {password !== '' && verdict.label}
          </span>
        </div>
      </div>
      <Field
        label="Password again"
        type="password"
        name="new-password-again"
        autoComplete="new-password"
        required
        value={again}
        onChange={(e) => onAgain(e.target.value)}
        error={again !== '' && again !== password ? 'The two passwords differ.' : undefined}
      />
    </>
  );
}
