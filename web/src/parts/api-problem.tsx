import { ApiError } from '@/api/client.ts';
import { Button } from '@/ui/button.tsx';
import { Problem } from '@/ui/message.tsx';

/** Why a call failed, in words. */
export function reason(error: unknown): string {
  if (error instanceof Error) return error.message;
  return 'Something unexpected happened.';
}

function advice(error: unknown): string {
  if (!(error instanceof ApiError)) return '';
  if (error.status === 0) return ' Check that it runs and that this device is on its network.';
  if (error.code === 'secret_required') return ''; // it says itself what to do
  if (error.status === 403) {
    const scope = error.body.requiredScope;
    return typeof scope === 'string'
      ? ` Somebody with more rights can do this, or make a token with the scope ${scope}.`
      : ' An administrator can do this, or give you a role that may, under Settings, Users.';
  }
  if (error.status === 429) return ' Wait a minute and try again.';
  if (error.status >= 500) return ' The log of the server says more; look for the request there.';
  return '';
}

/** The error of a call, with its request id and a way to try again. */
export function ApiProblem({
  title,
  error,
  busy = false,
  retry,
}: {
  title: string;
  error: unknown;
  /** It is being tried again. */
  busy?: boolean;
  retry?: (() => void) | undefined;
}) {
  return (
    <Problem
      denied={error instanceof ApiError && error.status === 403}
      title={title}
      text={reason(error) + advice(error)}
      requestId={error instanceof ApiError ? error.requestId : undefined}
    >
      {retry && (
        <Button small busy={busy} onClick={retry}>
          Try again
        </Button>
      )}
    </Problem>
  );
}
