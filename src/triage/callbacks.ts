import type { Feed } from '../events/feed.ts';
import type { Cancel, Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { Settings } from '../settings/setting.ts';
import { dueCallbacks, isWorthCalling, type TryResult } from './callback.ts';
import { listUnfinished, unlisted } from './callback-listing.ts';
import {
  beginCalling,
  giveUpStale,
  noteTry,
  openCallbacks,
  readCallback,
  type StoredCallback,
} from './callback-store.ts';
import type { CallbackJobs } from './jobs.ts';
import type { TriageChanges } from './write.ts';

/** The list of those to call back, as who makes the calls needs it. All of it rejects while PostgreSQL is away. */
export interface Callbacks {
  /** The next one to call now, taken for a call (`calling`) until `tried` says how it went; null when nobody is due. */
  nextDue(): Promise<StoredCallback | null>;
  /**
   * How a try went. `not-tried` (a caller waits, no operator is free) uses up no try. A reached one is off the list; any
   * other comes up again after the spacing that is set, as long as there are tries left, and stays listed after that.
   */
  tried(id: string, result: TryResult, reason: string): Promise<void>;
  /** Called when somebody may be due; comes too often rather than never. */
  onDue(fn: () => void): Cancel;
}

const sweepEvery = 10_000;
/** One that is being called for longer than a call to the outside may take, and so long, is given up: its caller has died. */
const stale = 5 * 60_000;
/** How soon one that could not be tried comes up again. */
const again = 10_000;

export function createCallbacks(deps: {
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  feed: Feed;
  settings: () => Settings;
  jobs: (due: () => void) => CallbackJobs;
}): Callbacks & { tell(changes: TriageChanges): void; stop(): Promise<void> } {
  const { postgres, clock, logger, feed, settings } = deps;
  const watchers = new Set<() => void>();
  const due = (): void => {
    for (const watcher of watchers) watcher();
  };
  const jobs = deps.jobs(due);

  const publish = (type: 'callback.listed' | 'callback.changed', one: StoredCallback): void => {
    const { id, callId, incidentId, state, reason, rank, rangSeconds, repeats, tries, notCallable } = one;
    const detail = { callbackId: id, state, reason, rank, rangSeconds, repeats, tries, notCallable };
    feed.publish({ type, callId, incidentId, detail }, clock.now());
    if (!isWorthCalling(one, settings())) return;
    void jobs.add({ id, tries: one.tries, at: one.nextTryAt ?? clock.now() });
  };
  const tell = ({ listed, changed }: TriageChanges): void => {
    for (const one of listed) publish('callback.listed', one);
    for (const one of changed) publish('callback.changed', one);
  };

  let sweeping = false;
  const sweep = async (): Promise<void> => {
    const at = clock.now();
    const { redialSeconds, identityLimit, outgoingMinutes } = settings();
    const changes = await postgres.transaction(async (sql) => {
      const changed = await giveUpStale(sql, at, outgoingMinutes * 60_000 + stale);
      const listed: StoredCallback[] = [];
      for (const callId of await unlisted(sql, at)) {
        const one = await listUnfinished(sql, callId, { id: newId(at), at, redialSeconds, identityLimit });
        if (one !== null) listed.push(one);
      }
      return { changed, listed };
    });
    tell(changes);
    if (dueCallbacks(await openCallbacks(postgres), settings(), at).length > 0) due();
  };
  const stopSweep = clock.every(sweepEvery, () => {
    if (sweeping) return;
    sweeping = true;
    sweep()
      .catch((error: unknown) => {
        if (!isUnavailable(error)) logger.error({ err: error }, 'the list of callbacks could not be looked through');
      })
      .finally(() => (sweeping = false));
  });

  return {
    tell,
    async nextDue() {
      const at = clock.now();
      for (const { id } of dueCallbacks(await openCallbacks(postgres), settings(), at)) {
        const taken = await postgres.transaction(async (sql) => {
          if (!(await beginCalling(sql, id, at))) return undefined;
          return readCallback(sql, id);
        });
        if (taken === undefined) continue;
        publish('callback.changed', taken);
        return taken;
      }
      return null;
    },
    async tried(id, result, reason) {
      const at = clock.now();
      const { callbackSpacingSeconds, callbackTries: triesAtMost } = settings();
      const spacing = callbackSpacingSeconds * 1_000;
      const nextTryAt = at + (result === 'not-tried' ? Math.min(again, spacing) : spacing);
      tell({
        listed: [],
        changed: await postgres.transaction((sql) => noteTry(sql, id, { at, result, reason, nextTryAt, triesAtMost })),
      });
    },
    onDue(fn) {
      watchers.add(fn);
      return () => watchers.delete(fn);
    },
    async stop() {
      stopSweep();
      await jobs.stop();
    },
  };
}
