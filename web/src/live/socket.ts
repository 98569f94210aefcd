import { backoff } from './backoff.ts';
import { emptyView, parseFrame, type View } from './frame.ts';
import type { LiveStore } from './store.ts';
import { Watch } from './watch.ts';

/** What the stream needs of its surroundings; tests give their own. */
export interface Surroundings {
  url: () => string;
  /** Asked before a new attempt after a loss: the session may have ended meanwhile. */
  allowed: () => Promise<boolean>;
  now: () => number;
  random: () => number;
}

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
    this.#lostSince = undefined;
  }

  /** Tries again at once instead of when the countdown ends. */
  retry(): void {
    if (this.#stopped || this.#socket) return;
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
    this.#attempt = 0;
    this.#lostSince = undefined;
    this.#store.apply(frame, this.#viewOf(frame.view));
    if (this.#store.read().connection.phase !== 'live') this.#store.setConnection({ phase: 'live' });
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
    if (this.#socket?.readyState !== WebSocket.OPEN || view === this.#view) return;
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
    const allowed = await this.#around.allowed().catch(() => true);
    if (this.#stopped || this.#socket || !allowed) return;
    this.#open();
  }
}
