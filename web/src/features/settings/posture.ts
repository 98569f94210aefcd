import type { Protection, User } from '@/api/access.ts';
import type { SecurityStatus, Token } from '@/api/types.ts';

/** Something about the server's protection: well, or to improve. */
export interface Finding {
  id: string;
  well: boolean;
  title: string;
  /** What to do, or why it is well. */
  text: string;
  to?: string;
  /** The part of that page. */
  hash?: string;
}

const day = 86_400_000;

/** How long a token may lie unused before it is worth a question, in days. */
export const unusedAfter = 90;

/** How long before its end a certificate should have been renewed, in days. */
export const renewBefore = 14;

/** Judges how the server is protected, what needs work first. */
export function posture(
  status: SecurityStatus,
  server: Protection,
  users: User[],
  tokens: Token[],
  now: number,
): Finding[] {
  const admins = users.filter((u) => u.admin && !u.disabled);
  const bare = admins.filter((u) => u.source === 'local' && !u.secondStep);
  const mine = tokens.filter((t) => t.enrolled !== true);
  const mighty = mine.filter((t) => t.scopes.includes('*'));
  // An agent that falls silent at night is no gain.
  const agents = (t: Token) => t.scopes.every((s) => s.endsWith(':report') || s === 'host-agent:config:read');
  const endless = mine.filter((t) => t.expiresAt === undefined && !agents(t));
  const idle = mine.filter((t) => now - Date.parse(t.lastUsedAt ?? t.createdAt) > unusedAfter * day);
  const findings: Finding[] = [
    status.hasHTTPS
      ? {
          id: 'https',
          well: true,
          title: 'This connection is encrypted',
          text: 'Passwords and tokens cannot be read on their way.',
        }
      : {
          id: 'https',
          well: false,
          title: 'This connection is not encrypted',
          text: 'Passwords and tokens can be read on their way. Put a reverse proxy with a certificate in front, or give the server one.',
          to: '/settings/security',
          hash: 'certificate',
        },
    bare.length === 0
      ? {
          id: 'second',
          well: true,
          title: 'Administrators need more than a password',
          text: 'A stolen password alone lets nobody in.',
        }
      : {
          id: 'second',
          well: false,
          title: `${names(bare.map((u) => u.username))} can administer with a password alone`,
          text: 'One-time codes of a phone keep out who has found the password. Everybody sets up their own under Account.',
          to: '/settings/password',
        },
    admins.length > 1
      ? {
          id: 'admins',
          well: true,
          title: `${admins.length} users can administer the server`,
          text: 'One of them can let another back in.',
        }
      : {
          id: 'admins',
          well: false,
          title: 'Only one user can administer the server',
          text: 'When that one is locked out, somebody has to get to the server’s machine. Give a second person an account.',
          to: '/settings/users',
        },
    mighty.length === 0
      ? {
          id: 'scopes',
          well: true,
          title: 'No token may do everything',
          text: 'Each has the rights that it needs.',
        }
      : {
          id: 'scopes',
          well: false,
          title: `${names(mighty.map((t) => t.name))} may do everything that the owner may`,
          text: 'Make tokens with the rights that they need, and revoke these.',
          to: '/settings/tokens',
        },
    idle.length === 0
      ? {
          id: 'idle',
          well: true,
          title: 'Every token is in use',
          text: `None has been unused for ${unusedAfter} days.`,
        }
      : {
          id: 'idle',
          well: false,
          title: `${names(idle.map((t) => t.name))} ${idle.length === 1 ? 'has' : 'have'} not been used for ${unusedAfter} days`,
          text: 'What nobody uses is best revoked.',
          to: '/settings/tokens',
        },
    endless.length === 0
      ? {
          id: 'ends',
          well: true,
          title: 'Every token has an end',
          text: 'A forgotten one becomes harmless by itself.',
        }
      : {
          id: 'ends',
          well: false,
          title: `${endless.length} ${endless.length === 1 ? 'token has' : 'tokens have'} no end`,
          text: 'An end makes a forgotten token harmless.',
          to: '/settings/tokens',
        },
  ];
  findings.push(...around(server, now));
  if (status.publicAccess) {
    findings.unshift({
      id: 'public',
      well: false,
      title: 'The server is reached from a public address',
      text: 'You came from outside the private networks. If nobody else has to, let only a VPN or known addresses through.',
    });
  }
  return findings.sort((a, b) => Number(a.well) - Number(b.well));
}

/** What is to say of certificate, recovery, other sites and the audit log. */
function around(server: Protection, now: number): Finding[] {
  const findings: Finding[] = [];
  const c = server.certificate;
  if (c) {
    const days = Math.floor((Date.parse(c.until) - now) / day);
    findings.push({
      id: 'certificate',
      well: days >= renewBefore && c.problem === undefined,
      title:
        c.problem !== undefined
          ? 'The new certificate cannot be used'
          : days < 0
            ? 'The certificate has ended'
            : days < renewBefore
              ? `The certificate ends in ${days} ${days === 1 ? 'day' : 'days'}`
              : 'The certificate is renewed in time',
      text: c.problem ?? 'Renewed files are read without a restart.',
      to: '/settings/security',
      hash: 'certificate',
    });
  }
  if (server.recoveryMode) {
    findings.push({
      id: 'recovery',
      well: false,
      title: 'Recovery mode is on',
      text: 'It is for getting back in, and should be turned off afterwards.',
      to: '/settings/security',
      hash: 'recovery',
    });
  }
  findings.push(
    server.frames.includes('*')
      ? {
          id: 'frames',
          well: false,
          title: 'Every site may show Pulse in a frame',
          text: 'A page that lies over it can make you click what you do not see. Name the sites that need it.',
          to: '/settings/system',
        }
      : {
          id: 'frames',
          well: true,
          title:
            server.frames.length === 0
              ? 'No other site shows Pulse in a frame'
              : 'Only named sites show Pulse in a frame',
          text: 'Nobody can lay their own page over it.',
        },
    server.callers.includes('*')
      ? {
          id: 'callers',
          well: false,
          title: 'Pages of every site may call the API',
          text: 'They come without your login, but with any token they have. Name the sites that need it.',
          to: '/settings/system',
        }
      : {
          id: 'callers',
          well: true,
          title:
            server.callers.length === 0 ? 'No other site calls the API' : 'Only named sites call the API',
          text: 'Browsers keep the others out.',
        },
    server.auditWebhooks > 0 && server.failingWebhooks === 0
      ? {
          id: 'audit',
          well: true,
          title: 'The audit log is kept elsewhere too',
          text: 'Whoever takes this server over cannot rewrite what was done before.',
        }
      : {
          id: 'audit',
          well: false,
          title:
            server.auditWebhooks === 0
              ? 'The audit log is kept on this server only'
              : 'The audit log does not reach every address',
          text:
            server.auditWebhooks === 0
              ? 'Whoever has the whole server can rewrite it. Send the events to another machine as well.'
              : 'Events wait until the receiver takes them.',
          to: '/settings/audit-delivery',
        },
  );
  return findings;
}

/** Some names, and how many more there are. */
function names(all: string[]): string {
  const some = all.slice(0, 3).map((n) => `“${n}”`);
  const more = all.length - some.length;
  return more > 0 ? `${some.join(', ')} and ${more} more` : some.join(', ');
}
