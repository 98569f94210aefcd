import { onlineManager, QueryClient } from '@tanstack/react-query';
import { address, ApiError, authorizeWith, call } from './api/client.ts';
import { forgetGuest, guestToken } from './guest.ts';
import type { SecurityStatus } from './api/types.ts';
import { Stream } from './live/socket.ts';
import { LiveStore, type Live } from './live/store.ts';
import { Trends } from './live/trends.ts';
import { sparklines } from './api/sparklines.ts';
import { paced } from './live/paced.ts';

authorizeWith(guestToken);

/** What lives as long as the page. */
export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      retry: (count, error) => !(error instanceof ApiError && error.status > 0) && count < 1,
      refetchOnWindowFocus: false,
    },
  },
});

export const store = new LiveStore();

export const trends = new Trends(sparklines);

export const stream = new Stream(store, {
  url: () => {
    const guest = guestToken();
    const query = `ws?protocol=delta${guest && `&token=${encodeURIComponent(guest)}`}`;
    return address(query).replace(/^http/, 'ws');
  },
  // A lost connection may mean a restarted server or an ended session: the client notices the latter.
  allowed: async () => {
    const status = await call<SecurityStatus>('api/security/status', {
      // A connection that hangs must not hold up the next attempt.
      signal: AbortSignal.timeout(10_000),
    });
    if (status.authUsername) return true;
    sessionEnded();
    return false;
  },
  poll: (body) => call<unknown>('api/v2/live', { method: 'POST', body, signal: AbortSignal.timeout(20_000) }),
  now: () => Date.now(),
  random: () => Math.random(),
});

/** Between two requests for the same thing, however often it changes; in milliseconds. */
const pace = 10_000;
const renewCatalog = paced(() => void queries.invalidateQueries({ queryKey: ['types'] }), pace);
const renewFindings = paced(() => {
  void queries.invalidateQueries({ queryKey: ['conditions'] });
  // The resource alone, without its lists, rows and events.
  void queries.invalidateQueries({ predicate: ({ queryKey: k }) => k[0] === 'resource' && k.length === 2 });
}, pace);

/** What is asked for about alerts, and changes when one fires, is acknowledged or ends. */
const ofAlerts = ['active', 'history', 'incident', 'why'];
const renewAlerts = paced(() => {
  void queries.invalidateQueries({
    predicate: ({ queryKey: k }) => k[0] === 'alerts' && ofAlerts.includes(String(k[1])),
  });
}, pace);

let told: Pick<Live, 'epoch' | 'conditions' | 'alerts' | 'connection'> = store.read();

/** Asks again for what the stream says has changed, instead of asking every so often. */
store.subscribe(() => {
  const { epoch, conditions, alerts, connection } = store.read();
  const before = told;
  told = { epoch, conditions, alerts, connection };
  // What was shown while the server was away is old, or never came.
  if (before.connection.phase === 'lost' && connection.phase === 'live') void queries.invalidateQueries();
  // What was asked for as the page opened is as new as the first frame.
  if (before.epoch === '' || epoch === '') return;
  if (epoch !== before.epoch) renewCatalog();
  if (epoch !== before.epoch || conditions !== before.conditions) renewFindings();
  if (epoch !== before.epoch || alerts !== before.alerts) renewAlerts();
});

let ended: (() => void) | undefined;

/** Calls f when the session turns out to have ended. */
export function onSessionEnd(f: () => void): void {
  ended = f;
}

/** Gives up what is being asked and asks for nothing more until [sessionEnded]: answers would be refusals. */
export async function endingSession(): Promise<void> {
  stream.stop();
  trends.pause();
  onlineManager.setOnline(false);
  await queries.cancelQueries();
}

/** Forgets all that belongs to a session, and tells. */
export function sessionEnded(): void {
  forgetGuest();
  stream.stop();
  store.clear();
  trends.clear();
  queries.clear();
  onlineManager.setOnline(true);
  ended?.();
}
