import { emptyView, type View } from './frame.ts';

/** As many as the server takes. */
const most = { all: 64, range: 1000, documents: 4 };

class Counted {
  #count = new Map<string, number>();

  add(key: string): void {
    this.#count.set(key, (this.#count.get(key) ?? 0) + 1);
  }

  remove(key: string): void {
    const left = (this.#count.get(key) ?? 0) - 1;
    if (left > 0) this.#count.set(key, left);
    else this.#count.delete(key);
  }

  list(limit: number): string[] {
    return [...this.#count.keys()].slice(-limit).sort();
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((v, i) => v === b[i]);
}

/** What the parts of the page show, together. Each part says so while it is there. */
export class Watch {
  #parts = { all: new Counted(), range: new Counted(), documents: new Counted() };
  #view = emptyView;
  #changed: (() => void) | undefined;

  /** Calls f when something was added or went; much may have cancelled out by the time that the view is asked for. */
  onChange(f: (() => void) | undefined): void {
    this.#changed = f;
  }

  /** Adds to what is shown; the function that is returned takes it out again. */
  add(part: keyof View, keys: readonly string[]): () => void {
    if (keys.length === 0) return () => undefined;
    for (const key of keys) this.#parts[part].add(key);
    this.#changed?.();
    return () => {
      for (const key of keys) this.#parts[part].remove(key);
      this.#changed?.();
    };
  }

  /** The view; the same object while nothing changed. */
  view(): View {
    const next: View = {
      all: this.#parts.all.list(most.all),
      range: this.#parts.range.list(most.range),
      documents: this.#parts.documents.list(most.documents),
    };
    const before = this.#view;
    const same =
      sameList(before.all, next.all) &&
      sameList(before.range, next.range) &&
      sameList(before.documents, next.documents);
    if (!same) this.#view = next;
    return this.#view;
  }
}
