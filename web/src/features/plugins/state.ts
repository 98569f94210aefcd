import type { Status } from '@/live/status.ts';

/** The words for the life of a process, on the scale of states. */
const states: Record<string, Status> = {
  idle: 'fine',
  starting: 'fine',
  ready: 'fine',
  stopped: 'fine',
  disabled: 'maintenance',
  backoff: 'degraded',
  quarantined: 'down',
  unusable: 'down',
};

export function stateOf(word: string): Status {
  return states[word] ?? 'unknown';
}
