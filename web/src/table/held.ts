/**
 * The order to show while rows must not move under the pointer: that of before, without what has gone, and with what is
 * new at the end.
 */
export function heldOrder(before: readonly string[], now: readonly string[]): string[] {
  const present = new Set(now);
  const known = new Set(before);
  return [...before.filter((id) => present.has(id)), ...now.filter((id) => !known.has(id))];
}
