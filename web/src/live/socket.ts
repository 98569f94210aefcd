import { backoff } from './backoff.ts';
import type { LiveStore } from './store.ts';

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

/** Feeds the store from the server's stream of full states, and comes back after each loss. */
export class Stream {
  #socket: WebSocket | undefined;
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
    this.#open();
  }

  stop(): void {
    this.#stopped = true;
    removeEventListener('online', this.#now);
    document.removeEventListener('visibilitychange', this.#visible);
    clearTimeout(this.#timer);
    clearTimeout(this.#watch);
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
    if (typeof message !== 'object' || message === null || !('type' in message)) return;
    if (message.type !== 'initialState' && message.type !== 'rawData') return;
    this.#attempt = 0;
    this.#lostSince = undefined;
    this.#store.setState('data' in message ? message.data : undefined);
    if (this.#store.read().connection.phase !== 'live') this.#store.setConnection({ phase: 'live' });
  }

  #lost(): void {
    this.#socket = undefined;
    clearTimeout(this.#watch);
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
