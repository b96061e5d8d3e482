import type { Cancel, Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { isUnavailable, type Postgres } from '../../platform/postgres.ts';
import { claimForsaken, renewLeases } from './lease-store.ts';
import type { WithoutCallRunner } from './runner.ts';
import type { WithoutCall } from './without-call.ts';

const every = 2_000;
const claimedAtOnce = 50;

/**
 * Sees to it that dispatches without a call have somebody who goes on with them: renews what this process owns, and takes
 * over what a dead one left. After PostgreSQL was away nobody is taken for dead before he could say that he lives.
 */
export function watchForsaken(deps: {
  owner: string;
  postgres: Postgres;
  runner: WithoutCallRunner;
  clock: Clock;
  logger: Logger;
  /** Without Asterisk nothing can be gone on with. */
  connected: () => boolean;
  taken: (state: WithoutCall) => void;
}): Cancel {
  const { owner, postgres, runner, clock, logger } = deps;
  /** Looks in a row at which PostgreSQL was there. */
  let sound = 0;

  const look = async (): Promise<void> => {
    const held = runner.all().filter(({ endedAt }) => endedAt === null);
    for (const id of await renewLeases(
      postgres,
      owner,
      held.map((one) => one.id),
    )) {
      logger.warn({ withoutCallId: id }, 'another process goes on with these dispatches');
      runner.forget(id);
    }
    sound += 1;
    const limit = Math.min(claimedAtOnce, runner.room());
    if (sound < 3 || limit <= 0 || !deps.connected()) return;
    for (const state of await claimForsaken(postgres, owner, clock.now(), limit)) deps.taken(state);
  };

  let busy = false;
  return clock.every(every, () => {
    if (busy) return;
    busy = true;
    look()
      .catch((error: unknown) => {
        sound = 0;
        if (!isUnavailable(error)) logger.error({ err: error }, 'dispatches without a call cannot be looked at');
      })
      .finally(() => (busy = false));
  });
}
