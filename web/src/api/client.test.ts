import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { address, ApiError, call, cookie, onUnauthorized } from './client.ts';

const fetched = vi.fn<(url: string, init: RequestInit) => Promise<Response>>();

beforeEach(() => {
  fetched.mockReset();
  vi.stubGlobal('fetch', fetched);
  vi.stubGlobal('document', { baseURI: 'http://pulse.lan/sub/', cookie: 'a=1; pulse_csrf=tok%20en' });
});

afterEach(() => {
  vi.unstubAllGlobals();
  onUnauthorized(() => undefined);
});

function answers(...list: [status: number, body?: unknown, headers?: Record<string, string>][]): void {
  for (const [status, body, headers] of list) {
    const text = body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
    fetched.mockResolvedValueOnce(new Response(text, { status, headers: headers ?? {} }));
  }
}

async function failureOf(promise: Promise<unknown>): Promise<ApiError> {
  const error = await promise.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(ApiError);
  return error as ApiError;
}

const sent = (n: number) => new Headers(fetched.mock.calls[n]?.[1].headers);

describe('call', () => {
  it('asks below where the app is mounted, for JSON, with the session', async () => {
    answers([200, { ok: 1 }]);
    expect(await call('api/x')).toEqual({ ok: 1 });
    expect(fetched.mock.calls[0]?.[0]).toBe('http://pulse.lan/sub/api/x');
    expect(fetched.mock.calls[0]?.[1]).toMatchObject({
      method: 'GET',
      credentials: 'same-origin',
      body: null,
    });
    expect(sent(0).get('Accept')).toBe('application/json');
    expect(sent(0).has('X-CSRF-Token')).toBe(false);
  });

  it('sends a body as JSON and proves that the page sent it', async () => {
    answers([200, {}]);
    await call('api/x', { method: 'POST', body: { a: 0 } });
    expect(fetched.mock.calls[0]?.[1].body).toBe('{"a":0}');
    expect(sent(0).get('Content-Type')).toBe('application/json');
    expect(sent(0).get('X-CSRF-Token')).toBe('tok en');
  });

  it.each([
    [204, undefined],
    [200, ''],
  ])('answers nothing to a %d with %j', async (status, body) => {
    answers([status, body]);
    expect(await call('api/x')).toBeUndefined();
  });

  it('repeats once with the fresh token when the old one is refused', async () => {
    answers([403, {}, { 'X-CSRF-Token': 'fresh' }], [200, { done: true }]);
    expect(await call('api/x', { method: 'DELETE' })).toEqual({ done: true });
    expect(sent(1).get('X-CSRF-Token')).toBe('fresh');
  });

  it('does not repeat what succeeded, though a token comes along', async () => {
    answers([200, {}, { 'X-CSRF-Token': 'fresh' }]);
    await call('api/x', { method: 'POST' });
    expect(fetched).toHaveBeenCalledOnce();
  });

  it('does not repeat more than once, nor what is simply forbidden', async () => {
    answers([403, {}, { 'X-CSRF-Token': 'b' }], [403, { message: 'No.' }, { 'X-CSRF-Token': 'c' }]);
    expect((await failureOf(call('api/x', { method: 'POST' }))).message).toBe('No.');
    expect(fetched).toHaveBeenCalledTimes(2);
    answers([403, {}]);
    await failureOf(call('api/x', { method: 'POST' }));
    expect(fetched).toHaveBeenCalledTimes(3);
  });
});

describe('a failed call', () => {
  it('tells what the server said', async () => {
    answers([
      409,
      { error: 'conflict', message: 'Someone was faster.', code: 'outdated', request_id: 'r1', now: 7 },
    ]);
    const e = await failureOf(call('api/x'));
    expect(e).toMatchObject({
      message: 'Someone was faster.',
      status: 409,
      code: 'outdated',
      requestId: 'r1',
    });
    expect(e.body.now).toBe(7);
  });

  it.each<[unknown, string, string]>([
    [{ error: 'not_found' }, 'not_found', 'not_found'],
    [{ error: 'Not here.' }, 'Not here.', 'http_404'],
    [{ message: '', error: '' }, 'The server answered with status 404.', 'http_404'],
    ['plain words\n', 'plain words', 'http_404'],
    ['<html>proxy</html>', 'The server answered with status 404.', 'http_404'],
    ['x'.repeat(300), 'The server answered with status 404.', 'http_404'],
    ['', 'The server answered with status 404.', 'http_404'],
    ['null', 'The server answered with status 404.', 'http_404'],
    ['{"cut', 'The server answered with status 404.', 'http_404'],
    [{ message: 7, code: 7 }, 'The server answered with status 404.', 'http_404'],
  ])('has words for %j', async (body, message, code) => {
    answers([404, body]);
    expect(await failureOf(call('api/x'))).toMatchObject({ message, code });
  });

  it('has the request id of the header when the body has none', async () => {
    answers([500, 'oops', { 'X-Request-ID': 'h1' }]);
    expect((await failureOf(call('api/x'))).requestId).toBe('h1');
  });

  it('says so when a success is not JSON', async () => {
    answers([200, '<html>', { 'X-Request-ID': 'h2' }]);
    expect(await failureOf(call('api/x'))).toMatchObject({ code: 'bad_answer', requestId: 'h2' });
  });

  it('says so when nobody answers', async () => {
    fetched.mockRejectedValueOnce(new TypeError('Failed to fetch'));
    expect(await failureOf(call('api/x'))).toMatchObject({ status: 0, code: 'unreachable' });
  });

  it('says so when the answer breaks off', async () => {
    const broken = new ReadableStream({ start: (c) => c.error(new TypeError('network error')) });
    fetched.mockResolvedValueOnce(new Response(broken));
    expect(await failureOf(call('api/x'))).toMatchObject({ status: 0, code: 'unreachable' });
  });

  it('leaves a call that was given up as it is', async () => {
    const gone = new AbortController();
    gone.abort(new Error('left the page'));
    fetched.mockRejectedValueOnce(gone.signal.reason);
    await expect(call('api/x', { signal: gone.signal })).rejects.toThrow('left the page');
  });

  it('tells when nobody is logged in, but not when a secret of the call is wrong', async () => {
    const out = vi.fn();
    onUnauthorized(out);
    answers([401, {}], [401, {}]);
    await failureOf(call('api/x', { method: 'POST', proves: true }));
    expect(out).not.toHaveBeenCalled();
    await failureOf(call('api/x'));
    expect(out).toHaveBeenCalledOnce();
  });
});

describe('cookie', () => {
  it.each([
    ['a=1; b=2', 'b', '2'],
    ['b=x=y', 'b', 'x=y'],
    ['bb=1', 'b', ''],
    ['', 'b', ''],
    ['b=%zz', 'b', '%zz'],
  ])('reads from %j the %s', (cookies, name, want) => {
    expect(cookie(name, cookies)).toBe(want);
  });
});

describe('address', () => {
  it('stays on the server', () => {
    expect(address('ws')).toBe('http://pulse.lan/sub/ws');
  });
});
