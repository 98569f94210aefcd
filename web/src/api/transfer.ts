import { call } from './client.ts';
import type { Answer } from './types.ts';

/** The least number of characters of a passphrase. */
export const minPassphrase = 12;

export type Imported = Answer<'/api/config/import', 'post'>;
export type ConfigChange = Imported['changes'][number];
export type Bundle = Answer<'/api/config/export', 'post'>;

const most = ['integrations', 'settings', 'notes', 'tokens'];

/** The configuration as a bundle that the passphrase opens. */
export function exportConfig(passphrase: string, users: boolean): Promise<Bundle> {
  const body = { passphrase, sections: users ? [...most, 'users'] : most };
  return call('api/config/export', { method: 'POST', body });
}

/** Brings in sections of a bundle, all when none is named; a dry run only tells what would change. */
export function importConfig(
  data: string,
  passphrase: string,
  dryRun: boolean,
  sections: string[] = [],
): Promise<Imported> {
  return call('api/config/import', { method: 'POST', body: { data, passphrase, dryRun, sections } });
}
