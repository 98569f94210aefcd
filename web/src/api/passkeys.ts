import { queryOptions } from '@tanstack/react-query';
import { call } from './client.ts';
import type { Answer } from './types.ts';

export type Passkey = Answer<'/api/security/passkeys'>['passkeys'][number];

export const passkeys = queryOptions({
  queryKey: ['passkeys'],
  queryFn: ({ signal }) => call<Answer<'/api/security/passkeys'>>('api/security/passkeys', { signal }),
});

/** Whether this browser can keep passkeys for the page's address. */
export const canUsePasskeys = () =>
  window.isSecureContext &&
  'PublicKeyCredential' in window &&
  'parseRequestOptionsFromJSON' in PublicKeyCredential &&
  !/^[\d.]+$|:/.test(location.hostname);

interface Ceremony {
  ceremony: string;
  options: unknown;
}

/** What people are told when the device made or used no key. */
const declined = () => new Error('The device gave no passkey, or you went back.');

/** Lets the device make a passkey, and keeps it under a name. */
export async function addPasskey(name: string, password: string): Promise<Passkey> {
  const { ceremony, options } = await call<Ceremony>('api/security/passkeys/begin', {
    method: 'POST',
    body: { password },
    proves: true,
  });
  const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(
    options as PublicKeyCredentialCreationOptionsJSON,
  );
  const made = await navigator.credentials.create({ publicKey }).catch(() => null);
  if (!(made instanceof PublicKeyCredential)) throw declined();
  const body = { ceremony, name, credential: made.toJSON() as unknown };
  return call<Passkey>('api/security/passkeys', { method: 'POST', body });
}

/** Logs in by a passkey that the device has. */
export async function passkeyLogin(rememberMe: boolean): Promise<void> {
  const { ceremony, options } = await call<Ceremony>('api/passkeys/begin', { method: 'POST', proves: true });
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(
    options as PublicKeyCredentialRequestOptionsJSON,
  );
  const used = await navigator.credentials.get({ publicKey }).catch(() => null);
  if (!(used instanceof PublicKeyCredential)) throw declined();
  const body = { ceremony, credential: used.toJSON() as unknown, rememberMe };
  await call('api/passkeys/login', { method: 'POST', body, proves: true });
}

const ofUser = (name: string) => `api/admin/users/${encodeURIComponent(name)}/passkeys`;

/** The passkeys of a user, for those who administer users. */
export const passkeysOf = (name: string) =>
  queryOptions({
    queryKey: ['passkeys', name],
    queryFn: ({ signal }) => call<Answer<'/api/admin/users/{username}/passkeys'>>(ofUser(name), { signal }),
  });

export const deletePasskeysOf = (name: string) => call<undefined>(ofUser(name), { method: 'DELETE' });

const path = (id: string) => `api/security/passkeys/${encodeURIComponent(id)}`;

export const renamePasskey = (id: string, name: string) =>
  call<undefined>(path(id), { method: 'PATCH', body: { name } });

export const deletePasskey = (id: string) => call<undefined>(path(id), { method: 'DELETE' });
