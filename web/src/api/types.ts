import type { paths } from './schema.d.ts';

type Methods = 'get' | 'post' | 'put' | 'patch' | 'delete';

type JsonOf<T> = T extends { content: { 'application/json': infer Body } } ? Body : undefined;

/** What a call of the server answers when it succeeds. */
export type Answer<Path extends keyof paths, Method extends Methods = 'get'> = paths[Path][Method] extends {
  responses: infer R;
}
  ? R extends { 200: infer Ok }
    ? JsonOf<Ok>
    : undefined
  : never;

/** What a call of the server takes as its body. */
export type Body<Path extends keyof paths, Method extends Methods = 'post'> = paths[Path][Method] extends {
  requestBody?: infer B;
}
  ? JsonOf<NonNullable<B>>
  : never;

// Names are those of calls and not of the description's schemas: those follow the server's types and may change.

/** A bootstrapTokenPath is there while the server waits to be claimed; an empty authUsername means nobody is logged in. */
export type SecurityStatus = Answer<'/api/security/status'>;

export type Version = Answer<'/api/version'>;

/** The uptime is in seconds. */
export type Health = Answer<'/api/health'>;

export type Token = Answer<'/api/security/tokens'>['tokens'][number];

/** The token itself is in no later answer. */
export type NewToken = Answer<'/api/security/tokens', 'post'>;

export type Plugin = Answer<'/api/plugins'>['plugins'][number];

/** Times are Unix milliseconds. */
export type History = Answer<'/api/metrics-store/history'>;

/** A value over time; min and max are those of what a rollup stands for. */
export type Point = NonNullable<History['points']>[number];
