import { describe, expect, test } from 'vitest';
import type { Protection, User } from '@/api/access.ts';
import type { SecurityStatus, Token } from '@/api/types.ts';
import { posture } from './posture.ts';

const now = Date.parse('2026-05-01T00:00:00Z');
const status = { hasHTTPS: true, publicAccess: false } as SecurityStatus;
const server: Protection = {
  trustedProxies: false,
  recoveryMode: false,
  dataDirectory: '/var/lib/pulse',
  localUrl: 'http://127.0.0.1:7655',
  callers: [],
  frames: [],
  auditDays: 90,
  auditWebhooks: 1,
  failingWebhooks: 0,
};
const certificate = { until: '2026-06-01T00:00:00Z' } as NonNullable<Protection['certificate']>;
const admin = (username: string, secondStep: boolean) =>
  ({ username, admin: true, disabled: false, source: 'local', secondStep }) as User;
const token = (part: Partial<Token>): Token => ({
  id: 't',
  name: 'ci',
  prefix: 'a',
  suffix: 'b',
  createdAt: '2026-04-30T00:00:00Z',
  scopes: ['monitoring:read'],
  expiresAt: '2026-06-01T00:00:00Z',
  ...part,
});

const bad = (s: SecurityStatus, users: User[], tokens: Token[], of: Partial<Protection> = {}) =>
  posture(s, { ...server, ...of }, users, tokens, now)
    .filter((f) => !f.well)
    .map((f) => f.id);

describe('posture', () => {
  const two = [admin('ann', true), admin('bob', true)];

  test('says nothing about what is well', () => {
    expect(bad(status, two, [token({})])).toEqual([]);
  });

  test('finds each weakness by itself', () => {
    expect(bad({ ...status, hasHTTPS: false }, two, [])).toEqual(['https']);
    expect(bad({ ...status, publicAccess: true }, two, [])).toEqual(['public']);
    expect(bad(status, [admin('ann', true), admin('bob', false)], [])).toEqual(['second']);
    expect(bad(status, [admin('ann', true)], [])).toEqual(['admins']);
    expect(bad(status, two, [token({ scopes: ['*'] })])).toEqual(['scopes']);
    const endless = token({});
    delete endless.expiresAt;
    expect(bad(status, two, [endless])).toEqual(['ends']);
    expect(bad(status, two, [token({ createdAt: '2026-01-01T00:00:00Z' })])).toEqual(['idle']);
    expect(
      bad(status, two, [token({ createdAt: '2025-01-01T00:00:00Z', lastUsedAt: '2026-04-30T00:00:00Z' })]),
    ).toEqual([]);
  });

  test('looks at certificate, recovery, other sites and the audit log', () => {
    expect(bad(status, two, [], { certificate })).toEqual([]);
    expect(bad(status, two, [], { certificate: { ...certificate, until: '2026-05-14T00:00:00Z' } })).toEqual([
      'certificate',
    ]);
    expect(bad(status, two, [], { certificate: { ...certificate, problem: 'no key' } })).toEqual([
      'certificate',
    ]);
    expect(bad(status, two, [], { recoveryMode: true })).toEqual(['recovery']);
    expect(bad(status, two, [], { frames: ['*'] })).toEqual(['frames']);
    expect(bad(status, two, [], { frames: ['https://a.example'], callers: ['https://b.example'] })).toEqual(
      [],
    );
    expect(bad(status, two, [], { callers: ['*'] })).toEqual(['callers']);
    expect(bad(status, two, [], { auditWebhooks: 0 })).toEqual(['audit']);
    expect(bad(status, two, [], { failingWebhooks: 1 })).toEqual(['audit']);
  });

  test('links each thing to improve with its remedy', () => {
    const all = posture(
      { ...status, hasHTTPS: false },
      { ...server, frames: ['*'], callers: ['*'], recoveryMode: true, auditWebhooks: 0 },
      [admin('ann', false)],
      [token({ scopes: ['*'], createdAt: '2026-01-01T00:00:00Z' })],
      now,
    );
    expect(all.filter((f) => !f.well && f.to === undefined)).toEqual([]);
  });

  test('leaves agents that the server enrolled alone', () => {
    const agent = token({ enrolled: true, scopes: ['*'], createdAt: '2020-01-01T00:00:00Z' });
    delete agent.expiresAt;
    expect(bad(status, two, [agent])).toEqual([]);
  });

  test('puts what needs work first', () => {
    const first = posture(status, server, [admin('ann', true)], [], now)[0];
    expect(first?.id).toBe('admins');
  });
});
