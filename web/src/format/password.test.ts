import { describe, expect, it } from 'vitest';
import { judgePassword } from './password.ts';

describe('judgePassword', () => {
  it.each(['', 'elevenchars', '🐟🐟🐟🐟🐟🐟'])('refuses what is too short: %s', (p) => {
    expect(judgePassword(p).error).not.toBe('');
  });

  it('counts bytes at the upper end, as the server does', () => {
    expect(judgePassword('ä'.repeat(36)).error).toBe('');
    expect(judgePassword('ä'.repeat(37)).error).toMatch(/72 bytes/);
  });

  it.each([
    ['aaaaaaaaaaaa', 1],
    ['abcabcabcabcabcabcabc', 1],
    ['correct horse battery staple', 4],
    ['Tr0ub4dor&3xy', 3],
  ])('judges %s', (p, strength) => {
    expect(judgePassword(p).strength).toBe(strength);
  });

  it('thinks little of the user name in it', () => {
    expect(judgePassword('Margaret-Margaret-9', 'margaret').strength).toBe(1);
  });
});
