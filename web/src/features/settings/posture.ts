import type { User } from '@/api/access.ts';
import type { SecurityStatus, Token } from '@/api/types.ts';

/** Something about the server's protection: well, or to improve. */
export interface Finding {
  id: string;
  well: boolean;
  title: string;
  /** What to do, or why it is well. */
  text: string;
  to?: string;
}

const day = 86_400_000;

/** How long a token may lie unused before it is worth a question, in days. */
export const unusedAfter = 90;

/** Judges how the server is protected, what needs work first. */
export function posture(status: SecurityStatus, users: User[], tokens: Token[], now: number): Finding[] {
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

/** Some names, and how many more there are. */
function names(all: string[]): string {
  const some = all.slice(0, 3).map((n) => `“${n}”`);
  const more = all.length - some.length;
  return more > 0 ? `${some.join(', ')} and ${more} more` : some.join(', ');
}
