import { useSyncExternalStore } from 'react';

let now = Date.now();
const listeners = new Set<() => void>();
let timer: ReturnType<typeof setInterval> | undefined;

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  timer ??= setInterval(() => {
    now = Date.now();
    for (const l of listeners) l();
  }, 1000);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(timer);
    timer = undefined;
  };
}

/**
 * The time, in milliseconds, rounded down to a step: a component that shows ages renders once per step, whatever else
 * happens.
 */
export function useNow(step = 10_000): number {
  return useSyncExternalStore(subscribe, () => {
    if (!timer) now = Date.now();
    return now - (now % step);
  });
}
