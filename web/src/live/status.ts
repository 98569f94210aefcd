/** The one scale of states. The order is that of urgency. */
export const statuses = ['down', 'degraded', 'stale', 'unknown', 'maintenance', 'fine'] as const;

export type Status = (typeof statuses)[number];

/** What each state is called. */
export const statusLabel: Record<Status, string> = {
  down: 'down',
  degraded: 'degraded',
  stale: 'stale',
  unknown: 'unknown',
  maintenance: 'maintenance',
  fine: 'fine',
};

/** The wire's words for states, whichever section they come from. */
const words: Record<string, Status> = {
  online: 'fine',
  up: 'fine',
  running: 'fine',
  healthy: 'fine',
  ok: 'fine',
  available: 'fine',
  active: 'fine',
  connected: 'fine',
  stopped: 'fine',
  off: 'fine',
  paused: 'fine',
  suspended: 'fine',
  offline: 'down',
  down: 'down',
  error: 'down',
  failed: 'down',
  exited: 'down',
  dead: 'down',
  unhealthy: 'degraded',
  degraded: 'degraded',
  warning: 'degraded',
  restarting: 'degraded',
  pending: 'degraded',
  stale: 'stale',
  maintenance: 'maintenance',
};

/** The state that a word means. */
export function statusOf(word: string): Status {
  return words[word.toLowerCase()] ?? 'unknown';
}

/** Sorts the most urgent first. */
export function urgency(s: Status): number {
  return statuses.indexOf(s);
}
