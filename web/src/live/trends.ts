/** What a small picture shows: a metric of a resource. */
export interface Wanted {
  type: string;
  id: string;
  metric: string;
}

/** A value for each minute, the newest last; null where nothing was measured. */
export type Values = readonly (number | null)[];

interface Line {
  /** The minute of the last value, counted from 1970 by this page's clock. */
  last: number;
  values: (number | null)[];
  /** How many values the last one is the average of. */
  count: number;
}

const minute = 60_000;

/** How many minutes a line has. */
export const minutes = 60;

/** As many lines as one request may ask for. */
const most = 500;

/** As many lines are kept. */
const kept = 2_000;

/** What is wanted within so many milliseconds is asked for together. */
const gather = 30;

/** After an answer that did not come, so many milliseconds pass before it is asked for again. */
const patience = 30_000;

function keyOf({ type, id, metric }: Wanted): string {
  return `${type} ${metric} ${id}`;
}

/**
 * The last hour of what is on the screen. Each line is asked for once; from then on the page adds to it what the stream tells,
 * as long as it is shown.
 */
export class Trends {
  #lines = new Map<string, Line>();
  #wanted = new Map<string, Wanted>();
  #asked = new Map<string, number>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #listeners = new Set<() => void>();
  #version = 0;
  #paused = false;
  readonly #ask: (lines: readonly Wanted[]) => Promise<readonly (Values | null)[]>;
  readonly #now: () => number;

  constructor(
    ask: (lines: readonly Wanted[]) => Promise<readonly (Values | null)[]>,
    now: () => number = Date.now,
  ) {
    this.#ask = ask;
    this.#now = now;
  }

  /** Another number when lines have come. */
  version = (): number => this.#version;

  subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  /** Asks for those lines that are not there, or end in the past. */
  want(lines: readonly Wanted[]): void {
    if (this.#paused) return;
    const now = this.#now();
    for (const line of lines) {
      const key = keyOf(line);
      if (this.#fresh(key) || (this.#asked.get(key) ?? -Infinity) > now - patience) continue;
      this.#wanted.set(key, line);
    }
    if (this.#wanted.size > 0) this.#timer ??= setTimeout(() => void this.#flush(), gather);
  }

  /** Takes in the present value of a line, null when there is none. */
  add(of: Wanted, value: number | null): void {
    const line = this.#lines.get(keyOf(of));
    if (!line || !this.#fresh(keyOf(of))) return;
    if (this.#minute() > line.last) {
      line.values = [...line.values.slice(1), null];
      line.count = 0;
      line.last = this.#minute();
    }
    if (value === null) return;
    const before = line.values[line.values.length - 1] ?? 0;
    line.count++;
    line.values[line.values.length - 1] = before + (value - before) / line.count;
  }

  /** The values of a line; undefined while nothing is known of it. */
  values(of: Wanted): Values | undefined {
    return this.#lines.get(keyOf(of))?.values;
  }

  /** Asks for nothing more until the next clear: the session is being ended. */
  pause(): void {
    this.#paused = true;
    clearTimeout(this.#timer);
  }

  /** Forgets everything: another user may come. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#paused = false;
    this.#lines.clear();
    this.#wanted.clear();
    this.#asked.clear();
  }

  #minute(): number {
    return Math.floor(this.#now() / minute);
  }

  /** Whether a line can be continued: it ends now or in the minute before. */
  #fresh(key: string): boolean {
    const line = this.#lines.get(key);
    return line !== undefined && Math.abs(this.#minute() - line.last) <= 1;
  }

  async #flush(): Promise<void> {
    this.#timer = undefined;
    // The newest were wanted last: what was scrolled past matters less.
    const batch = [...this.#wanted].slice(-most);
    this.#wanted.clear();
    for (const [key] of batch) this.#asked.set(key, this.#now());
    const answer = await this.#ask(batch.map(([, line]) => line)).catch(() => undefined);
    // It was forgotten meanwhile.
    if (!answer || batch.every(([key]) => !this.#asked.has(key))) return;
    batch.forEach(([key], i) => {
      this.#asked.delete(key);
      this.#put(key, answer[i] ?? new Array<null>(minutes).fill(null));
    });
    this.#version++;
    for (const l of this.#listeners) l();
  }

  #put(key: string, values: Values): void {
    this.#lines.delete(key);
    const count = values[values.length - 1] == null ? 0 : 1;
    this.#lines.set(key, { last: this.#minute(), values: [...values], count });
    const [oldest] = this.#lines.keys();
    if (this.#lines.size > kept && oldest !== undefined) this.#lines.delete(oldest);
  }
}
