/** The value at a dotted path of a document; undefined when any part of the way is missing. */
export function at(doc: unknown, path: string): unknown {
  if (path === '') return undefined;
  let v: unknown = doc;
  for (const key of path.split('.')) {
    if (typeof v !== 'object' || v === null) return undefined;
    v = (v as Record<string, unknown>)[key];
  }
  return v ?? undefined;
}
