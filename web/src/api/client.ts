/** What went wrong with a request, in words fit for people. */
export class ApiError extends Error {
  /** HTTP status, or 0 when no answer came. */
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
  /** The whole body, for the extra fields that some answers carry. */
  readonly body: Readonly<Record<string, unknown>>;

  constructor(
    message: string,
    status: number,
    code: string,
    requestId: string,
    body: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.requestId = requestId;
    this.body = body;
  }
}

export interface Call {
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  /** The call carries a secret of its own to check: that it is refused does not mean that nobody is logged in. */
  proves?: boolean;
}

/** The absolute address of a path of the server, wherever the app is mounted. */
export function address(path: string): string {
  return new URL(path, document.baseURI).href;
}

/** The value of a cookie, or empty. */
export function cookie(name: string, cookies: string): string {
  for (const pair of cookies.split(/;\s*/)) {
    const eq = pair.indexOf('=');
    if (eq > 0 && pair.slice(0, eq) === name) return decoded(pair.slice(eq + 1));
  }
  return '';
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // it was never encoded
  }
}

let bearer = () => '';

/** Has calls come in with the token that f gives, when it is not empty, instead of the session. */
export function authorizeWith(f: () => string): void {
  bearer = f;
}

let unauthorized: (() => void) | undefined;

/** Calls f when the server says that nobody is logged in (any more). */
export function onUnauthorized(f: () => void): void {
  unauthorized = f;
}

/**
 * Calls the server. A path is relative ("api/version"). Fails with an [ApiError]. A refused CSRF token is replaced by
 * the one in the answer and the call repeated once.
 */
export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const response = await answered(path, options);
  const text = await response.text().catch((cause: unknown) => unreachable(cause, options));
  return (text === '' ? undefined : parse(text, response)) as T;
}

/** Calls the server for a file; its name is the one that the server gives it. Fails as [call] does. */
export async function callForFile(
  path: string,
  options: Call = {},
): Promise<{ name: string; content: Blob }> {
  const response = await answered(path, options);
  const content = await response.blob().catch((cause: unknown) => unreachable(cause, options));
  const named = /filename="([^"]+)"/.exec(response.headers.get('Content-Disposition') ?? '');
  return { name: named?.[1] ?? 'download', content };
}

async function answered(path: string, options: Call): Promise<Response> {
  let response = await send(path, options);
  const fresh = response.status === 403 ? response.headers.get('X-CSRF-Token') : null;
  if (fresh) response = await send(path, options, fresh);
  if (!response.ok) throw await failure(response, options.proves === true);
  return response;
}

function parse(text: string, response: Response): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError(
      'The server gave an answer that is not JSON.',
      response.status,
      'bad_answer',
      requestId(response),
    );
  }
}

async function send(path: string, options: Call, csrf?: string): Promise<Response> {
  const method = options.method ?? 'GET';
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers };
  if (bearer() !== '' && options.proves !== true) headers.Authorization = `Bearer ${bearer()}`;
  if (options.body !== undefined) headers['Content-Type'] = 'application/json';
  if (method !== 'GET') {
    const token = csrf ?? cookie('pulse_csrf', document.cookie);
    if (token) headers['X-CSRF-Token'] = token;
  }
  try {
    return await fetch(address(path), {
      method,
      headers,
      credentials: 'same-origin',
      cache: 'no-store',
      body: options.body === undefined ? null : JSON.stringify(options.body),
      signal: options.signal ?? null,
    });
  } catch (cause) {
    return unreachable(cause, options);
  }
}

/** Fails because no answer came, or not all of it; as it came when the caller has given up. */
function unreachable(cause: unknown, options: Call): never {
  if (options.signal?.aborted) throw cause;
  throw new ApiError('The server cannot be reached.', 0, 'unreachable', '');
}

function requestId(response: Response): string {
  return response.headers.get('X-Request-ID') ?? '';
}

async function failure(response: Response, proves: boolean): Promise<ApiError> {
  let text = await response.text().catch(() => '');
  let body: Record<string, unknown> = {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null) body = parsed as Record<string, unknown>;
    text = '';
  } catch {
    // Some answers are plain text.
  }
  if (response.status === 401 && !proves) unauthorized?.();
  return new ApiError(
    messageOf(body, text, response.status),
    response.status,
    wordOf(body, response.status),
    typeof body.request_id === 'string' ? body.request_id : requestId(response),
    body,
  );
}

function messageOf(body: Record<string, unknown>, text: string, status: number): string {
  if (typeof body.message === 'string' && body.message !== '') return body.message;
  if (typeof body.error === 'string' && body.error !== '') return body.error;
  const plain = text.trim();
  if (plain !== '' && plain.length < 200 && !plain.includes('<') && !plain.startsWith('{')) return plain;
  return `The server answered with status ${status}.`;
}

function wordOf(body: Record<string, unknown>, status: number): string {
  if (typeof body.code === 'string') return body.code;
  if (typeof body.error === 'string' && /^[a-z_]+$/.test(body.error)) return body.error;
  return `http_${status}`;
}
