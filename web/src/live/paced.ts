/**
 * Returns a function that has f called: at once when the last time is long enough ago, else once when it is, however often
 * it is asked meanwhile.
 */
export function paced(f: () => void, pause: number): () => void {
  let last = -Infinity;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  function run() {
    waiting = undefined;
    last = Date.now();
    f();
  }
  return () => {
    if (waiting !== undefined) return;
    const left = last + pause - Date.now();
    // A clock that was set back must not make it wait longer.
    if (left <= 0) run();
    else waiting = setTimeout(run, Math.min(left, pause));
  };
}
