import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Stream } from './socket.ts';
import { LiveStore } from './store.ts';

/** A connection whose other end is the test. */
class FakeSocket {
  static all: FakeSocket[] = [];
  static readonly OPEN = 1;
  onopen: (() => void) | undefined;
  readyState = 0;
  heard: Record<string, unknown>[] = [];
  onmessage: ((e: { data: unknown }) => void) | undefined;
  onclose: (() => void) | undefined;
  closed = false;
  readonly url: string;

  constructor(url: string) {
    this.url = url;
    FakeSocket.all.push(this);
  }

  /** The connection is there. */
  open(): void {
    this.readyState = FakeSocket.OPEN;
    this.onopen?.();
  }

  send(message: string): void {
    this.heard.push(JSON.parse(message) as Record<string, unknown>);
  }

  close(): void {
    if (this.closed) return;
    this.readyState = 3;
    this.closed = true;
    this.onclose?.();
  }

  say(message: unknown): void {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }
}

const last = () => FakeSocket.all.at(-1) as FakeSocket;
const full = (id: string, view = 0, seq = 1) => ({
  type: 'frame',
  epoch: 'e',
  seq,
  view,
  full: true,
  blocks: [{ rows: [0], columns: { '@id': [id] } }],
});

let store: LiveStore;
let stream: Stream;
let allowed: () => Promise<boolean>;
let poll: (ask: Record<string, unknown>) => Promise<unknown>;
let page: EventTarget & { visibilityState: string };
let here: EventTarget;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
  FakeSocket.all = [];
  here = new EventTarget();
  page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  vi.stubGlobal('WebSocket', FakeSocket);
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', here.addEventListener.bind(here));
  vi.stubGlobal('removeEventListener', here.removeEventListener.bind(here));
  store = new LiveStore();
  allowed = () => Promise.resolve(true);
  poll = () => Promise.reject(new Error('not here'));
  stream = new Stream(store, {
    url: () => 'ws://pulse/ws',
    allowed: () => allowed(),
    poll: (ask) => poll(ask),
    now: Date.now,
    random: () => 0.5,
  });
});

afterEach(() => {
  stream.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const phase = () => store.read().connection;
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a stream', () => {
  it('connects once, however often it is started', () => {
    stream.start();
    stream.start();
    expect(FakeSocket.all.map((s) => s.url)).toEqual(['ws://pulse/ws']);
    expect(phase()).toEqual({ phase: 'connecting' });
  });

  it('is live with the first frame and follows the next', () => {
    stream.start();
    last().say(full('a'));
    expect(phase()).toEqual({ phase: 'live', by: 'socket' });
    last().say(full('b'));
    expect(store.read().ids).toEqual(['b']);
  });

  it.each([
    'nonsense',
    '{"type":',
    'null',
    '5',
    '{}',
    '{"type":"ping"}',
    '{"type":"alert","data":{"hosts":[]}}',
    '{"type":"frame","full":true}',
    '{"type":"error","code":"invalid_view"}',
  ])('does not stumble over %s', (message) => {
    stream.start();
    last().say(full('a'));
    last().say(message);
    expect(store.read().ids).toEqual(['a']);
    expect(phase()).toEqual({ phase: 'live', by: 'socket' });
  });

  it('does not take bytes for a frame', () => {
    stream.start();
    last().onmessage?.({ data: new ArrayBuffer(8) });
    expect(store.read().loaded).toBe(false);
  });

  it('keeps the data when it loses the connection, and says when it tries again', async () => {
    stream.start();
    last().say(full('a'));
    last().close();
    expect(phase()).toEqual({ phase: 'lost', since: 1_000_000, retryAt: 1_001_000 });
    expect(store.read().ids).toEqual(['a']);
    await pass(999);
    expect(FakeSocket.all).toHaveLength(1);
    await pass(1);
    expect(FakeSocket.all).toHaveLength(2);
    last().say(full('b'));
    expect(phase()).toEqual({ phase: 'live', by: 'socket' });
    expect(store.read().ids).toEqual(['b']);
  });

  it('waits longer after each failure, remembers since when, and begins anew after a success', async () => {
    stream.start();
    last().close();
    await pass(1000);
    last().close();
    expect(phase()).toEqual({ phase: 'lost', since: 1_000_000, retryAt: 1_003_000 });
    await pass(2000);
    last().say(full('a'));
    last().close();
    expect(phase()).toEqual({ phase: 'lost', since: 1_003_000, retryAt: 1_004_000 });
  });

  it('does not count a connection that brought no frame as a success', async () => {
    stream.start();
    last().close();
    await pass(1000);
    last().say({ type: 'ping' });
    last().close();
    expect(phase()).toMatchObject({ retryAt: 1_003_000 });
  });

  it('takes a silent server for a lost one', async () => {
    stream.start();
    last().say(full('a'));
    await pass(74_999);
    expect(phase()).toEqual({ phase: 'live', by: 'socket' });
    await pass(1);
    expect(FakeSocket.all[0]?.closed).toBe(true);
    expect(phase()).toMatchObject({ phase: 'lost' });
    await pass(1000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('takes any word for a sign of life', async () => {
    stream.start();
    last().say(full('a'));
    await pass(70_000);
    last().say({ type: 'ping' });
    await pass(70_000);
    expect(phase()).toEqual({ phase: 'live', by: 'socket' });
  });

  it('ignores what a connection says that was given up', async () => {
    stream.start();
    const old = last();
    old.say(full('a'));
    await pass(76_000);
    old.say(full('ghost'));
    expect(store.read().ids).toEqual(['a']);
    old.onclose?.();
    await pass(0);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('does not come back when the session has ended', async () => {
    allowed = () => Promise.resolve(false);
    stream.start();
    last().close();
    await pass(120_000);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('tries all the same when nobody can say whether it may', async () => {
    allowed = () => Promise.reject(new Error('unreachable'));
    stream.start();
    last().close();
    await pass(1000);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('tries at once when asked, or when the network or the viewer is back', async () => {
    allowed = () => Promise.reject(new Error('away'));
    stream.start();
    for (const [n, nudge] of [
      () => stream.retry(),
      () => here.dispatchEvent(new Event('online')),
      () => page.dispatchEvent(new Event('visibilitychange')),
    ].entries()) {
      last().close();
      nudge();
      await pass(0);
      expect(FakeSocket.all).toHaveLength(n + 2);
    }
  });

  it('lets a hidden page wait', async () => {
    stream.start();
    last().close();
    page.visibilityState = 'hidden';
    page.dispatchEvent(new Event('visibilitychange'));
    await pass(0);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('opens one connection, however often it is nudged meanwhile', async () => {
    let answer: (ok: boolean) => void = () => undefined;
    allowed = () => new Promise((resolve) => (answer = resolve));
    stream.start();
    last().close();
    stream.retry();
    const first = answer;
    stream.retry();
    first(true);
    answer(true);
    await pass(0);
    expect(FakeSocket.all).toHaveLength(2);
  });

  it('says nothing and tries nothing once it is stopped', async () => {
    stream.start();
    const socket = last();
    socket.say(full('a'));
    stream.stop();
    expect(socket.closed).toBe(true);
    here.dispatchEvent(new Event('online'));
    await pass(200_000);
    expect(FakeSocket.all).toHaveLength(1);
    expect(phase()).toEqual({ phase: 'live', by: 'socket' });
  });

  it('does not open a connection that was allowed after the stop', async () => {
    let answer: (ok: boolean) => void = () => undefined;
    allowed = () => new Promise((resolve) => (answer = resolve));
    stream.start();
    last().close();
    await pass(1000);
    stream.stop();
    answer(true);
    await pass(0);
    expect(FakeSocket.all).toHaveLength(1);
  });

  it('starts again after a stop', () => {
    stream.start();
    stream.stop();
    stream.start();
    last().say(full('a'));
    expect(FakeSocket.all).toHaveLength(2);
    expect(store.read().ids).toEqual(['a']);
  });
});

describe('what is shown', () => {
  const views = () => last().heard.filter((m) => m.type === 'view');

  it('is told when the connection is there, and not before', () => {
    stream.watch.add('range', ['a']);
    stream.start();
    expect(last().heard).toEqual([]);
    last().open();
    expect(last().heard).toEqual([{ type: 'view', view: 1, all: [], range: ['a'], documents: [] }]);
  });

  it('is told again when it changes, together and not too often', async () => {
    stream.start();
    last().open();
    stream.watch.add('range', ['a']);
    stream.watch.add('documents', ['a']);
    await pass(100);
    expect(views()).toHaveLength(2);
    expect(views()[1]).toMatchObject({ view: 2, range: ['a'], documents: ['a'] });
    for (let n = 0; n < 100; n++) {
      stream.watch.add('range', [`r${n}`]);
      await pass(10);
    }
    await pass(100);
    expect(views().length).toBeLessThanOrEqual(13);
    expect(views().at(-1)?.range).toHaveLength(101);
  });

  it('is not told when nothing changed after all', async () => {
    stream.start();
    last().open();
    stream.watch.add('range', ['a'])();
    await pass(200);
    expect(views()).toHaveLength(1);
  });

  it('is told on a new connection, after what the page holds', async () => {
    stream.watch.add('range', ['a']);
    stream.start();
    last().open();
    last().say(full('a', 1, 7));
    stream.watch.add('range', ['b']);
    await pass(100);
    last().close();
    await pass(1000);
    last().open();
    expect(last().heard).toEqual([
      { type: 'resume', epoch: 'e', seq: 7, view: { all: [], range: ['a'], documents: [] } },
      { type: 'view', view: 3, all: [], range: ['a', 'b'], documents: [] },
    ]);
  });

  it('is held to be what the frame was made for, also when another view is on its way', async () => {
    stream.watch.add('all', ['cpu']);
    stream.start();
    last().open();
    stream.watch.add('all', ['memory']);
    await pass(100);
    last().say(full('a', 1));
    expect(store.read().columns).toEqual(['cpu']);
    last().say(full('a', 2));
    expect(store.read().columns).toEqual(['cpu', 'memory']);
  });

  it('does not resume what another user saw', async () => {
    stream.start();
    last().open();
    last().say(full('a', 1));
    stream.stop();
    store.clear();
    stream.start();
    last().open();
    expect(last().heard.map((m) => m.type)).toEqual(['view']);
    await pass(0);
  });
});

describe('where no connection gets through', () => {
  /** Refuses connections until the stream asks instead. */
  async function refused(): Promise<Record<string, unknown>[]> {
    const asked: Record<string, unknown>[] = [];
    poll = (ask) => {
      asked.push(ask);
      return Promise.resolve(full('a', 0, asked.length));
    };
    stream.start();
    for (let i = 0; i < 3; i++) {
      last().close();
      await pass(10_000);
    }
    return asked;
  }

  it('asks every few seconds, and goes on from what it has', async () => {
    const asked = await refused();
    expect(FakeSocket.all).toHaveLength(3);
    expect(phase()).toEqual({ phase: 'live', by: 'requests' });
    expect(store.read().ids).toEqual(['a']);
    expect(asked[0]).not.toHaveProperty('epoch');
    const before = asked.length;
    await pass(5_000);
    expect(asked).toHaveLength(before + 1);
    expect(asked.at(-1)).toMatchObject({ epoch: 'e', seq: before, held: { range: [] } });
  });

  it('asks at once when the page shows something else', async () => {
    const asked = await refused();
    const before = asked.length;
    stream.watch.add('range', ['a']);
    await pass(100);
    expect(asked).toHaveLength(before + 1);
    expect(asked.at(-1)).toMatchObject({ view: { range: ['a'] } });
  });

  it('tries a connection now and then, and takes to it', async () => {
    await refused();
    await pass(130_000);
    expect(FakeSocket.all).toHaveLength(4);
    last().close();
    await pass(1_000);
    expect(phase()).toEqual({ phase: 'live', by: 'requests' });
    await pass(130_000);
    expect(FakeSocket.all).toHaveLength(5);
    last().open();
    last().say(full('b'));
    expect(phase()).toEqual({ phase: 'live', by: 'socket' });
    expect(store.read().ids).toEqual(['b']);
  });

  it('says so when the server is gone too', async () => {
    await refused();
    poll = () => Promise.reject(new Error('gone'));
    allowed = () => Promise.reject(new Error('gone'));
    await pass(6_000);
    expect(phase()).toMatchObject({ phase: 'lost' });
  });

  it('does not ask a server that was only away', async () => {
    poll = vi.fn(() => Promise.resolve(full('a')));
    allowed = () => Promise.reject(new Error('away'));
    stream.start();
    for (let i = 0; i < 6; i++) {
      last().close();
      await pass(40_000);
    }
    expect(poll).not.toHaveBeenCalled();
  });

  it('asks no more when it is stopped', async () => {
    const asked = await refused();
    stream.stop();
    const before = asked.length;
    await pass(60_000);
    expect(asked).toHaveLength(before);
  });
});
