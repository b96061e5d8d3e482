import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { Notification } from './notification.ts';
import { claimForsaken, renewLeases } from './store.ts';
import type { NotificationRunner } from './runner.ts';

const every = 5_000;
const claimedAtOnce = 100;

/**
 * Sees to it that each notification on record has somebody who goes on with it: renews what this process owns, and takes over
 * what a dead one left. After PostgreSQL was away nobody is taken for dead before he could say that he lives.
 */
export function watchOutbox(deps: {
  owner: string;
  postgres: Postgres;
  runner: NotificationRunner;
  clock: Clock;
  logger: Logger;
  taken: (notification: Notification) => void;
}): Cancel {
  const { owner, postgres, runner, clock, logger } = deps;
  /** Looks in a row at which PostgreSQL was there. */
  let sound = 0;

  const look = async (): Promise<void> => {
    const held = runner
      .all()
      .filter(({ endedAt }) => endedAt === null)
      .map(({ id }) => id);
    for (const id of await renewLeases(postgres, owner, held)) {
      logger.warn({ notificationId: id }, 'another process goes on with this notification');
      runner.forget(id);
    }
    sound += 1;
    if (sound < 2) return;
    const limit = Math.min(claimedAtOnce, runner.room());
    if (limit <= 0) return;
    for (const notification of await claimForsaken(postgres, owner, clock.now(), limit)) deps.taken(notification);
  };

  let busy = false;
  return clock.every(every, () => {
    if (busy) return;
    busy = true;
    look()
      .catch((error: unknown) => {
        sound = 0;
        if (!isUnavailable(error)) logger.error({ err: error }, 'the outbox of notifications cannot be looked at');
      })
      .finally(() => (busy = false));
  });
}
