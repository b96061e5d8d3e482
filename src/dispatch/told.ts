import type { CallRunner } from '../calls/runner.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import { endTold, type Told } from './store.ts';

/**
 * Hands what came of a message to an agency to the call whose dispatch it was; with the call gone from here, to the record.
 */
export function toldToCalls(deps: {
  runner: Pick<CallRunner, 'all' | 'tell'>;
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
}): (told: Told) => void {
  const { runner, postgres, clock, logger } = deps;
  return (told) => {
    const at = clock.now();
    const call = runner.all().find(({ dispatches }) => dispatches.some(({ id }) => id === told.dispatchId));
    if (call !== undefined) return void runner.tell(call.id, { type: 'notified', at, ...told });
    endTold(postgres, told, at).catch((error: unknown) => {
      logger.error({ err: error, dispatchId: told.dispatchId }, 'that an agency was told is not on the dispatch');
    });
  };
}
