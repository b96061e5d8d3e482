import type { RecordAudit } from '../audit/audit.ts';
import type { TokenCheck } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { forgetOldKeys } from '../platform/idempotency.ts';
import type { Source } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { tokenRoutes } from './routes.ts';
import { revokeTokensOf } from './store.ts';
import { startTokens } from './tokens.ts';

export interface AccessRoom {
  readonly routes: Route[];
  /** Synchronous, from memory. */
  readonly check: TokenCheck;
  /** Where the tokens in memory come from. */
  readonly source: () => Source;
  /** In a transaction: revokes the tokens of an operator who is deleted; their ids. */
  readonly revokeTokensOf: (sql: Sql, operatorId: string) => Promise<string[]>;
  stop(): Promise<void>;
}

/** Tokens: checked from memory, kept in PostgreSQL, copied to disk for a start without it. */
export async function startAccess(deps: {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: RecordAudit;
}): Promise<AccessRoom> {
  const tokens = await startTokens(deps);
  const cancelCleaning = deps.clock.every(3_600_000, () => {
    forgetOldKeys(deps.postgres).catch((error: unknown) => deps.logger.warn({ err: error }, 'old keys not removed'));
  });
  return {
    routes: tokenRoutes({ ...deps, reload: tokens.copy.reload }),
    check: tokens.check,
    source: tokens.copy.source,
    revokeTokensOf,
    stop: () => {
      cancelCleaning();
      tokens.copy.stop();
      return Promise.resolve();
    },
  };
}
