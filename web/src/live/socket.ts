import { backoff } from './backoff.ts';
import { emptyView, parseFrame, type Frame, type View } from './frame.ts';
import type { LiveStore } from './store.ts';
import { Watch } from './watch.ts';

/** What the stream needs of its surroundings; tests give their own. */
export interface Surroundings {
  url: () => string;
  /** Asked before a new attempt after a loss: the session may have ended meanwhile. */
  allowed: () => Promise<boolean>;
  now: () => number;
  random: () => number;
  /** Asks over HTTP for what a connection would bring; answers with a frame. */
  poll: (ask: { epoch?: string; seq?: number; held?: View; view: object }) => Promise<unknown>;
}

/** After so many connections that brought nothing, though the server answers, something between lets none through. */
const refusals = 2;

/** Between two questions where no connection gets through. */
const pollEvery = 5_000;

/** Every so many questions a connection is tried again. */
const retryEvery = 24;

/** A server that says nothing for so long is gone, even if the connection does not know it yet. */
const silence = 75_000;

/** Between two views that are sent: what is scrolled past is not asked for. */
const pause = 100;

/**
 * Tells the server what the page shows and feeds the store with what it sends (docs/protocol-delta.md). Comes back after
 * each loss and goes on from where it was.
 */
export class Stream {
  /** What the page shows. */
  readonly watch = new Watch();
  #socket: WebSocket | undefined;
  #telling: ReturnType<typeof setTimeout> | undefined;
  #told = 0;
  #number = 0;
  /** The views that the server may know, by their numbers. */
  #views = new Map<number, View>();
  #view: View | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #watch: ReturnType<typeof setTimeout> | undefined;
  #attempt = 0;
  #lostSince: number | undefined;
  /** Connections in a row that brought nothing. */
  #refused = 0;
  /** How often was asked since no connection gets through; undefined while one does or may. */
  #asked: number | undefined;
  #stopped = true;
  readonly #store: LiveStore;
  readonly #around: Surroundings;

  constructor(store: LiveStore, around: Surroundings) {
    this.#store = store;
    this.#around = around;
  }

  start(): void {
    if (!this.#stopped) return;
    this.#stopped = false;
    addEventListener('online', this.#now);
    document.addEventListener('visibilitychange', this.#visible);
    this.watch.onChange(() => this.#tellSoon());
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    removeEventListener('online', this.#now);
    document.removeEventListener('visibilitychange', this.#visible);
    this.watch.onChange(undefined);
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
    clearTimeout(this.#telling);
    this.#telling = undefined;
    this.#drop();
    this.#attempt = 0;
    this.#refused = 0;
    this.#asked = undefined;
    this.#lostSince = undefined;
  }

  /** Tries again at once instead of when the countdown ends. */
  retry(): void {
    if (this.#stopped || this.#socket || this.#asked !== undefined) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    void this.#again();
  }

  #now = (): void => this.retry();

  #visible = (): void => {
    if (document.visibilityState === 'visible') this.retry();
  };

  #open(): void {
    const socket = new WebSocket(this.#around.url());
    this.#socket = socket;
    this.#listen();
    socket.onopen = () => {
      if (this.#socket === socket) this.#begin();
    };
    socket.onmessage = (event) => {
      if (this.#socket === socket) this.#receive(event.data);
    };
    socket.onclose = () => {
      if (this.#socket === socket) this.#lost();
    };
  }

  #drop(): void {
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.close();
  }

  #listen(): void {
    clearTimeout(this.#watch);
    this.#watch = setTimeout(() => {
      this.#drop();
      this.#lost();
    }, silence);
  }

  #receive(data: unknown): void {
    this.#listen();
    if (typeof data !== 'string') return;
    let message: unknown;
    try {
      message = JSON.parse(data);
    } catch {
      return;
    }
    const frame = parseFrame(message);
    if (!frame) return;
    this.#refused = 0;
    this.#asked = undefined;
    this.#take(frame, this.#viewOf(frame.view));
  }

  #take(frame: Frame, view: View): void {
    this.#attempt = 0;
    this.#lostSince = undefined;
    this.#store.apply(frame, view);
    const by = this.#asked === undefined ? 'socket' : 'requests';
    const { connection } = this.#store.read();
    if (connection.phase !== 'live' || connection.by !== by) this.#store.setConnection({ phase: 'live', by });
  }

  /** Asks once, and again after a while: where no connection gets through. */
  async #ask(): Promise<void> {
    clearTimeout(this.#timer);
    this.#asked ??= 0;
    if (++this.#asked % retryEvery === 0) {
      this.#open();
      return;
    }
    const view = this.watch.view();
    const number = ++this.#number;
    this.#view = view;
    this.#told = this.#around.now();
    const { view: held, ...from } = this.#store.held() ?? {};
    const answer = await this.#around
      .poll({ ...from, ...(held && { held }), view: { view: number, ...view } })
      .catch(() => undefined);
    // Somebody asked for something else meanwhile, or a connection came.
    if (this.#stopped || this.#number !== number) return;
    const frame = parseFrame(answer);
    if (!frame) {
      this.#lost();
      return;
    }
    this.#take(frame, view);
    this.#timer = setTimeout(() => void this.#ask(), pollEvery);
  }

  /** The view that a frame was made for. Those before it are of no more use. */
  #viewOf(number: number): View {
    for (const n of this.#views.keys()) if (n < number) this.#views.delete(n);
    return this.#views.get(number) ?? emptyView;
  }

  /** Says on a new connection what the page has and what it shows. */
  #begin(): void {
    this.#views.clear();
    this.#view = undefined;
    const held = this.#store.held();
    if (held) this.#send({ type: 'resume', ...held });
    this.#tell();
  }

  #tellSoon(): void {
    if (this.#telling !== undefined) return;
    const wait = Math.max(0, this.#told + pause - this.#around.now());
    this.#telling = setTimeout(() => this.#tell(), Math.min(wait, pause));
  }

  #tell(): void {
    clearTimeout(this.#telling);
    this.#telling = undefined;
    const view = this.watch.view();
    if (view === this.#view) return;
    if (this.#asked !== undefined && !this.#socket) return void this.#ask();
    if (this.#socket?.readyState !== WebSocket.OPEN) return;
    this.#view = view;
    this.#told = this.#around.now();
    this.#views.set(++this.#number, view);
    this.#send({ type: 'view', view: this.#number, ...view });
  }

  #send(message: object): void {
    this.#socket?.send(JSON.stringify(message));
  }

  #lost(): void {
    this.#socket = undefined;
    clearTimeout(this.#watch);
    clearTimeout(this.#telling);
    this.#telling = undefined;
    if (this.#stopped) return;
    this.#refused++;
    // It was only a try.
    if (this.#asked !== undefined && this.#asked % retryEvery === 0) return void this.#ask();
    this.#asked = undefined;
    const wait = backoff(this.#attempt++, this.#around.random);
    this.#lostSince ??= this.#around.now();
    this.#store.setConnection({
      phase: 'lost',
      since: this.#lostSince,
      retryAt: this.#around.now() + wait,
    });
    this.#timer = setTimeout(() => void this.#again(), wait);
  }

  async #again(): Promise<void> {
    this.#store.setConnection({
      phase: 'lost',
      since: this.#lostSince ?? this.#around.now(),
      retryAt: undefined,
    });
    const allowed = await this.#around.allowed().catch(() => {
      // Then it is the server that is away.
      this.#refused = 0;
      return true;
    });
    if (this.#stopped || this.#socket || !allowed) return;
    if (this.#refused > refusals) await this.#ask();
    else this.#open();
  }
}
