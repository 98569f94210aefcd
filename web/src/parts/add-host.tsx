import { useMutation, useQuery } from '@tanstack/react-query';
import { Server } from 'lucide-react';
import { createToken, securityStatus } from '@/api/queries.ts';
import { Button } from '@/ui/button.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Empty } from '@/ui/message.tsx';
import { ApiProblem } from './api-problem.tsx';

/** What a token for an agent may do: report, and read its own settings. */
const agentScopes = ['host-agent:report', 'host-agent:config:read'];

function command(url: string, token: string): string {
  return [
    `umask 077 && printf '%s\\n' '${token}' > pulse-agent.token`,
    `pulse-agent --url ${url} --token-file pulse-agent.token`,
  ].join('\n');
}

/** Says that nothing reports yet and how to make a machine report. */
export function NoMachine() {
  const status = useQuery(securityStatus);
  const token = useMutation({
    mutationFn: () => createToken('Agent', agentScopes),
  });
  const url = status.data?.agentUrl || new URL('.', document.baseURI).href.replace(/\/$/, '');
  return (
    <Empty title="No machine reports yet" icon={<Server size={28} aria-hidden strokeWidth={1.5} />}>
      <p className="text-muted max-w-prose">
        Run the agent on a machine that Pulse shall watch. It appears here within seconds.
      </p>
      {token.data ? (
        <div className="w-full max-w-2xl text-left">
          <CopyText label="Command that starts the agent" text={command(url, token.data.token)} />
          <p className="text-muted text-xs">
            The token in it may report hosts and read the agent’s settings, nothing else. It is shown only
            now; revoke it in the settings.
          </p>
        </div>
      ) : (
        <Button look="primary" busy={token.isPending} onClick={() => token.mutate()}>
          Make a token and show the command
        </Button>
      )}
      {token.isError && <ApiProblem title="No token was made" error={token.error} />}
    </Empty>
  );
}
