import { ApiError } from '@/api/client.ts';
import type { Finding } from './value.ts';

/** What a refusal says of single keys of a form: the findings of a plugin, or the one key that the server names. */
export function findingsOf(error: unknown): Finding[] {
  if (!(error instanceof ApiError)) return [];
  const { diagnostics, details } = error.body;
  if (Array.isArray(diagnostics)) return diagnostics as Finding[];
  if (typeof details !== 'object' || details === null || !('field' in details)) return [];
  return [{ severity: 'error', summary: '', path: String(details.field), detail: error.message }];
}
