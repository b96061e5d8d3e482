import { join } from 'node:path';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy, type LiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import { agenciesChannel, readTrunkAccounts, trunkAccountSchema, type TrunkAccount } from './store.ts';

/** The accounts of agencies' own desks, in memory and on disk: their phones ring also while PostgreSQL is away. */
export function startTrunkAccounts(deps: {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<LiveCopy<TrunkAccount[]>> {
  const { postgres, clock, logger } = deps;
  return startLiveCopy<TrunkAccount[]>({
    name: 'trunk-accounts',
    channel: agenciesChannel,
    postgres,
    clock,
    logger,
    read: () => readTrunkAccounts(postgres),
    disk: diskCopy(join(deps.stateDir, 'trunk-accounts.json'), z.array(trunkAccountSchema), logger),
    builtIn: [],
  });
}
