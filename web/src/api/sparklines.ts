import type { Values, Wanted } from '@/live/trends.ts';
import { call } from './client.ts';
import type { Answer } from './types.ts';

/** The last hour of lines, in their order. */
export async function sparklines(lines: readonly Wanted[]): Promise<readonly (Values | null)[]> {
  const { lines: found } = await call<Answer<'/api/v2/sparklines', 'post'>>('api/v2/sparklines', {
    method: 'POST',
    body: { lines },
  });
  return found;
}
