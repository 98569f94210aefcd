import { expect, test } from 'vitest';
import { ApiError } from '@/api/client.ts';
import { findingsOf } from './refused.ts';

test('the key that a refusal names is found', () => {
  const error = new ApiError('password: enter it again', 403, 'secret_required', '', {
    details: { field: 'password' },
  });
  expect(findingsOf(error)).toEqual([
    { severity: 'error', summary: '', path: 'password', detail: 'password: enter it again' },
  ]);
});

test('what a plugin finds stands for itself, and other errors name no key', () => {
  const found = [{ severity: 'error', summary: 'Required', path: 'url', detail: '' }];
  expect(
    findingsOf(new ApiError('x', 400, 'invalid', '', { diagnostics: found, details: { field: 'a' } })),
  ).toEqual(found);
  expect(findingsOf(new ApiError('x', 500, 'internal', '', { details: null }))).toEqual([]);
  expect(findingsOf(new Error('x'))).toEqual([]);
});
