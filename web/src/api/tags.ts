import { call } from './client.ts';
import type { Answer, Body } from './types.ts';

export type TagChange = Body<'/api/v2/resources/tags'>;
export type Tagged = TagChange['resources'][number];

/** Gives resources tags and takes others away; the answer names those whose tags are others now. */
export function tagResources(change: TagChange): Promise<Answer<'/api/v2/resources/tags', 'post'>> {
  return call('api/v2/resources/tags', { method: 'POST', body: change });
}
