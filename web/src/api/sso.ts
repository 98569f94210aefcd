import { queryOptions } from '@tanstack/react-query';
import { call } from './client.ts';
import type { Answer, Body } from './types.ts';

export type SingleSignOn = Answer<'/api/security/oidc'>;
export type SingleSignOnChange = Body<'/api/security/oidc', 'put'>;

export const singleSignOn = queryOptions({
  queryKey: ['single-sign-on'],
  queryFn: ({ signal }) => call<SingleSignOn>('api/security/oidc', { signal }),
});

export const saveSingleSignOn = (body: SingleSignOnChange) =>
  call<SingleSignOn>('api/security/oidc', { method: 'PUT', body });

export const tryProvider = (body: SingleSignOnChange) =>
  call<Answer<'/api/security/oidc/test', 'post'>>('api/security/oidc/test', { method: 'POST', body });
