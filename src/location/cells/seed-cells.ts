import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Cancel, Clock } from '../../platform/clock.ts';
import { codeOf } from '../../platform/errors.ts';
import type { Logger } from '../../platform/logger.ts';
import { isUnavailable, type Postgres } from '../../platform/postgres.ts';
import { anyMadeUpCell, seedMadeUpCells } from './cells.ts';

const again = 30_000;

/** Stores the made-up towers that ship with a city, once PostgreSQL is there, unless there are towers already. */
export function seedCells(deps: { city: string; postgres: Postgres; clock: Clock; logger: Logger }): {
  stop: () => Promise<void>;
} {
  const { postgres, clock, logger } = deps;
  const file = fileURLToPath(new URL(`../../../cities/${deps.city}-cells.csv`, import.meta.url));
  let cancel: Cancel = () => undefined;
  let stopped = false;

  const seed = async (): Promise<void> => {
    try {
      await seedMadeUpCells(postgres, await readFile(file, 'utf8'));
      if (await anyMadeUpCell(postgres)) logger.warn('the cell towers are made up: import real ones');
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return;
      if (!isUnavailable(error)) logger.error({ err: error }, 'the made-up cell towers could not be stored');
      else if (!stopped) cancel = clock.after(again, seedAgain);
    }
  };
  const seedAgain = (): void => {
    running = seed();
  };
  let running = seed();
  return {
    async stop() {
      stopped = true;
      cancel();
      await running;
    },
  };
}
