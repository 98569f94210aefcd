import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { agentCommand, onlyHere, quoted } from './command.ts';

describe('quoted', () => {
  it.each(['https://pulse.example.net:7655/sub', "it's", 'a b', '$(reboot)', '`x`', '', 'a\nb', '!!'])(
    'a shell reads %j as it is',
    (text) => {
      expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoted(text)}`], { encoding: 'utf8' })).toBe(text);
    },
  );
});

describe('onlyHere', () => {
  it.each([
    ['http://localhost:7655', true],
    ['https://127.0.0.1', true],
    ['http://[::1]:7655/sub', true],
    ['https://pulse.example.net', false],
    ['http://127.example.net', false],
    ['http://192.0.2.7:7655', false],
  ])('%s: %s', (url, want) => {
    expect(onlyHere(url)).toBe(want);
  });
});

describe('agentCommand', () => {
  it.each(['service', 'terminal'] as const)('is a script that a shell understands: %s', (way) => {
    const script = agentCommand(way, "https://h/it's", 'token');
    expect(() => execFileSync('/bin/sh', ['-n', '-c', script])).not.toThrow();
  });

  it('keeps the token out of the arguments of the agent', () => {
    for (const line of agentCommand('terminal', 'https://h', 'secret').split('\n')) {
      if (line.startsWith('pulse-agent')) expect(line).not.toContain('secret');
    }
  });
});
