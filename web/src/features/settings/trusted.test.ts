import { expect, test } from 'vitest';
import { withTrusted } from './trusted.ts';

test.each([
  ['https://10.0.0.1:8006', '10.0.0.1:8006', true],
  ['10.0.0.1', '10.0.0.1:8006', true],
  ['https://pve.lan:8006/', 'pve.lan:8006', true],
  ['https://[fd00::1]:8006', '[fd00::1]:8006', true],
  ['https://10.0.0.10:8006', '10.0.0.1:8006', false],
  ['https://pve.lan.example.com:8006', 'pve.lan:8006', false],
  ['', '10.0.0.1:8006', false],
])('the settings of %s take over a fingerprint of %s: %s', (host, address, own) => {
  const config = { host, fingerprint: 'AA' };
  expect(withTrusted(config, address, 'BB')).toEqual({ host, fingerprint: own ? 'BB' : 'AA' });
});

test('settings that hold no fingerprint get none', () => {
  expect(withTrusted({ host: 'a' }, 'a:1', 'BB')).toEqual({ host: 'a' });
  expect(withTrusted({ host: 'a', fingerprint: '' }, 'a:1', 'BB')).toEqual({ host: 'a', fingerprint: '' });
});
