import type { Value } from '@/form/value.ts';

/** The name of the host in an address, with or without scheme, port and path. */
function hostname(address: string): string {
  const url = address.includes('://') ? address : `https://${address}`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}

/**
 * The settings of a system with the fingerprint that they hold, if they hold one, replaced by another when the address is
 * that of the system itself, and not of another member of its cluster.
 */
export function withTrusted(config: Value, address: string, fingerprint: string): Value {
  const { host, fingerprint: held } = config;
  const own = typeof host === 'string' && hostname(host) !== '' && hostname(host) === hostname(address);
  return own && typeof held === 'string' && held !== '' ? { ...config, fingerprint } : config;
}
