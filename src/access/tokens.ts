import { join } from 'node:path';
import { z } from 'zod';
import { hashToken, type Principal, type TokenCheck } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy, type LiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import { knownToken, readKnownTokens, tokensChannel, type KnownToken } from './store.ts';

/** All valid tokens in memory, so that a request is checked at once even with PostgreSQL away. */
interface Tokens {
  readonly check: TokenCheck;
  readonly copy: LiveCopy<KnownToken[]>;
}

/** Loads the tokens and keeps them fresh. */
export async function startTokens(deps: {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
}): Promise<Tokens> {
  const copy = await startLiveCopy({
    name: 'tokens',
    channel: tokensChannel,
    postgres: deps.postgres,
    clock: deps.clock,
    logger: deps.logger,
    read: () => readKnownTokens(deps.postgres),
    disk: diskCopy(join(deps.stateDir, 'tokens.json'), z.array(knownToken), deps.logger),
    builtIn: [],
  });
  let byHash = index(copy.current());
  copy.onChange((tokens) => (byHash = index(tokens)));
  return { copy, check: (token) => byHash.get(hashToken(token)) };
}

function index(tokens: readonly KnownToken[]): Map<string, Principal> {
  return new Map(
    tokens.map(({ hash, tokenId, role, name, operatorId }) => [
      hash,
      { tokenId, role, name, ...(operatorId === undefined ? {} : { operatorId }) },
    ]),
  );
}
