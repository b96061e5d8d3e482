import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import type { HourlyCounters } from './counters.ts';
import { readRecent } from './store.ts';

const hour = 3_600_000;
const again = 60_000;

/**
 * Counts what is on record of the last hour as well: of this controller before it was started anew, and of others. A limit
 * against fraud is not begun anew by a restart; and no call waits for it.
 */
export function recount(deps: { postgres: Postgres; counters: HourlyCounters; clock: Clock; logger: Logger }): Cancel {
  const { clock, logger, counters } = deps;
  const started = clock.now();
  let reading = false;

  const read = async (): Promise<void> => {
    if (reading) return;
    reading = true;
    try {
      for (const { operatorId, ...call } of await readRecent(deps.postgres, clock.now() - hour, started)) {
        counters.count(operatorId, call);
      }
    } catch (error) {
      // The counts in memory stand until it is back.
      if (isUnavailable(error)) logger.debug({ err: error }, 'the calls of the last hour could not be read');
      else logger.error({ err: error }, 'the calls of the last hour could not be read');
    } finally {
      reading = false;
    }
  };

  void read();
  return clock.every(again, () => void read());
}
