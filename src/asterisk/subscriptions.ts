import type { AriPool } from './commands.ts';

/** Commands of the process whose application `subscribedOnce` was given. */
export interface OwnAri extends AriPool {
  /** Asterisk may have begun anew, and know of no subscription: to be called as the event socket opens and closes. */
  forgetSubscriptions(): void;
}

/**
 * Commands by which `application` is subscribed to an endpoint once for as long as its event socket stays: Asterisk keeps the
 * subscription as long as the application, and every ring would wait for an answer that changes nothing.
 */
export function subscribedOnce(pool: AriPool, application: string): OwnAri {
  const route = `/applications/${application}/subscription`;
  let held = new Set<string>();
  return {
    ...pool,
    forgetSubscriptions: () => void (held = new Set()),
    async send(method, path, query, body) {
      const source = String(query?.['eventSource']);
      // A channel is subscribed to once anyway, and it ends.
      if (method !== 'POST' || path !== route || !source.startsWith('endpoint:')) {
        return pool.send(method, path, query, body);
      }
      if (held.has(source)) return { ok: true, status: 200, body: null };
      // What was asked for over an earlier socket is not held by this one.
      const ofThisSocket = held;
      const answer = await pool.send(method, path, query, body);
      if (answer.ok) ofThisSocket.add(source);
      return answer;
    },
  };
}
