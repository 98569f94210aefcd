type Tree = Record<string, unknown>;

function isObject(v: unknown): v is Tree {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/**
 * Returns next with every part that equals prev replaced by prev's, and prev itself when nothing changed. What compares
 * by identity then sees exactly what moved.
 */
export function share<T>(prev: unknown, next: T): T {
  if (Object.is(prev, next)) return next;
  if (Array.isArray(prev) && Array.isArray(next)) {
    const shared = next.map((v, i) => share(prev[i], v) as unknown);
    const same = prev.length === shared.length && shared.every((v, i) => Object.is(v, prev[i]));
    return (same ? prev : shared) as T;
  }
  if (isObject(prev) && isObject(next)) {
    const keys = Object.keys(next);
    let same = keys.length === Object.keys(prev).length;
    const shared: Tree = {};
    for (const key of keys) {
      shared[key] = share(prev[key], next[key]);
      same &&= key in prev && Object.is(shared[key], prev[key]);
    }
    return (same ? prev : shared) as T;
  }
  return next;
}
