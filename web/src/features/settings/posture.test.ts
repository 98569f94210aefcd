import { describe, expect, test } from 'vitest';
import type { User } from '@/api/access.ts';
import type { SecurityStatus, Token } from '@/api/types.ts';
import { posture } from './posture.ts';

const now = Date.parse('2026-05-01T00:00:00Z');
const status = { hasHTTPS: true, publicAccess: false } as SecurityStatus;
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

const bad = (s: SecurityStatus, users: User[], tokens: Token[]) =>
  posture(s, users, tokens, now)
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

  test('leaves agents that the server enrolled alone', () => {
    const agent = token({ enrolled: true, scopes: ['*'], createdAt: '2020-01-01T00:00:00Z' });
    delete agent.expiresAt;
    expect(bad(status, two, [agent])).toEqual([]);
  });

  test('puts what needs work first', () => {
    const first = posture(status, [admin('ann', true)], [], now)[0];
    expect(first?.id).toBe('admins');
  });
});
