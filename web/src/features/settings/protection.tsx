import type { ReactNode } from 'react';
import type { Protection } from '@/api/access.ts';
import { instant } from '@/format/time.ts';
import { useNow } from '@/live/clock.ts';
import { Ago, Exactly } from '@/parts/times.tsx';
import { CopyText } from '@/ui/copy.tsx';
import { Problem } from '@/ui/message.tsx';
import { Section } from './section.tsx';

/** The certificate that the server shows, or how it gets one. */
export function Certificate({ server, https }: { server: Protection; https: boolean }) {
  const c = server.certificate;
  if (!c) {
    return (
      <div id="certificate">
        <Section
          title="Certificate"
          lead={
            https
              ? 'A reverse proxy encrypts in the server’s place. The server itself has no certificate.'
              : 'The server has no certificate: it speaks HTTP.'
          }
        >
          <p className="text-muted max-w-prose text-sm">
            With <code className="font-mono">server.tls_certificate</code> and{' '}
            <code className="font-mono">server.tls_key</code> in config.hcl the server speaks HTTPS only, and
            reads both files anew when they change. Or put a reverse proxy in front and name its address in{' '}
            <code className="font-mono">server.trusted_proxies</code>.
          </p>
        </Section>
      </div>
    );
  }
  return <Shown certificate={c} />;
}

function Shown({ certificate: c }: { certificate: NonNullable<Protection['certificate']> }) {
  const now = useNow();
  const from = instant(c.from);
  const until = instant(c.until);
  const rows: [string, ReactNode][] = [
    [
      'Ends',
      until !== undefined && (
        <>
          <Exactly at={until} /> ({until < now && 'ended '}
          <Ago at={until} />)
        </>
      ),
    ],
    ['Begins', from !== undefined && <Exactly at={from} />],
    ['For', c.names.join(', ')],
    ['Subject', c.subject],
    ['Issued by', c.selfSigned ? 'itself: browsers warn of it unless they are told to trust it' : c.issuer],
    ['File', <code className="font-mono text-xs">{c.file}</code>],
    ['SHA-256', <code className="font-mono text-xs">{c.fingerprint}</code>],
  ];
  return (
    <div id="certificate">
      <Section
        title="Certificate"
        lead="Files that are renewed are read within seconds, without a restart. What does not fit leaves the certificate of before in use."
      >
        {c.problem && <Problem title="The files hold something else that cannot be used." text={c.problem} />}
        <dl className="grid max-w-2xl grid-cols-[7rem_1fr] gap-y-1.5 text-sm">
          {rows.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-muted">{name}</dt>
              <dd className="break-all">{value}</dd>
            </div>
          ))}
        </dl>
      </Section>
    </div>
  );
}

/** How a locked-out administrator gets back in. */
export function Recovery({ server }: { server: Protection }) {
  const insecure = server.localUrl.startsWith('https:') ? '-k ' : '';
  const curl = `curl ${insecure}-H 'Content-Type: application/json' ${server.localUrl}/api/security`;
  return (
    <div id="recovery">
      <Section
        title="Getting back in"
        lead="For the day when nobody can log in any more. Each way needs the server’s own machine; none needs this page, so keep it in mind or print it."
      >
        {server.recoveryMode && (
          <Problem
            title="Recovery mode is on."
            text="It lets nobody in without a login, but should not stay. Remove the file .auth_recovery in the data directory."
          />
        )}
        <ol className="flex max-w-2xl list-decimal flex-col gap-4 pl-5 text-sm">
          <li>
            <p className="mb-1">
              Another administrator sets a new password, lifts a lock, or turns off the one-time codes of who
              has lost the phone. So two should administer.
            </p>
          </li>
          <li>
            <p className="mb-1">
              While the server runs: make a token that works once, for a quarter of an hour.
            </p>
            <CopyText
              label="The command that makes a recovery token"
              text={`${curl}/recovery -d '{"action":"generate_token"}'`}
            />
            <p className="mb-1">
              It lies in a file. With it a new administrator, or a new password for the old one, is made; the
              words go into standard input, where no list of processes shows them.
            </p>
            <CopyText
              label="The command that sets a new password with it"
              text={`${curl}/quick-setup -H "X-Recovery-Token: $(cat ${server.dataDirectory}/.recovery_token)" -d @-\n{"username":"admin","password":"…","force":true}`}
            />
          </li>
          <li>
            <p className="mb-1">While it is stopped: the same without the network.</p>
            <CopyText
              label="The command for a stopped server"
              text={`pulse user reset-password admin --data ${server.dataDirectory}`}
            />
          </li>
        </ol>
        <p className="text-muted max-w-prose text-xs">
          All of this is kept in the audit log. Who reads the data directory can do it: it is for root and the
          server’s user only.
        </p>
      </Section>
    </div>
  );
}
