import { join } from 'node:path';
import { z } from 'zod';
import type { RecordAudit } from '../audit/audit.ts';
import type { Clock } from '../platform/clock.ts';
import { diskCopy } from '../platform/disk-copy.ts';
import { startLiveCopy } from '../platform/live-copy.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres, Sql } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import { recipientsOf, type RecipientDirectory, type RecipientDraft } from './recipient.ts';
import { recipientRoutes } from './recipient-routes.ts';
import {
  readRecipients,
  recipientsChannel,
  seedRecipients,
  storedRecipient,
  type StoredRecipient,
} from './recipient-store.ts';
import { newWebhookSecret } from './signature.ts';

export interface RecipientsRoom {
  readonly routes: Route[];
  /** Synchronous, from memory. */
  readonly current: () => RecipientDirectory;
  /** What signs the webhooks of a recipient; undefined when there is no such recipient any more. */
  readonly secretOf: (recipientId: string) => string | undefined;
  /** A deletion is refused while any of these names something that needs the recipient. */
  readonly guardDeletion: (neededBy: RecipientNeededBy) => void;
  readonly stop: () => Promise<void>;
}

export type RecipientNeededBy = (sql: Sql, recipientId: string) => Promise<string[]>;

/** Who can be told; in memory and on this machine's disk, so that they are told also while PostgreSQL is away. */
export async function startRecipients(deps: {
  readonly postgres: Postgres;
  readonly stateDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly audit: RecordAudit;
  /** The city's own, stored at the first start and used as they are until PostgreSQL was seen once. */
  readonly seed: readonly RecipientDraft[];
  readonly knowsAgency: (agencyId: string) => boolean;
  /** Holds off every other change of what may name a recipient, until the transaction ends. */
  readonly lock: (sql: Sql) => Promise<void>;
}): Promise<RecipientsRoom> {
  const { postgres, logger } = deps;
  const copy = await startLiveCopy<StoredRecipient[]>({
    name: 'recipients',
    channel: recipientsChannel,
    postgres,
    clock: deps.clock,
    logger,
    read: async () => {
      const stored = await readRecipients(postgres);
      if (stored.length > 0) return stored;
      const seeded = await postgres.transaction((sql) => seedRecipients(sql, deps.seed));
      if (seeded) logger.info('recipients of the city stored');
      return readRecipients(postgres);
    },
    disk: diskCopy(join(deps.stateDir, 'recipients.json'), z.array(storedRecipient), logger),
    // Nobody knows these secrets: until an admin asks for one, no signature of ours can be checked.
    builtIn: deps.seed.map((recipient) => ({ ...recipient, version: 1, secret: newWebhookSecret() })),
  });
  let directory = recipientsOf(copy.current().map(withoutSecret));
  copy.onChange((recipients) => {
    directory = recipientsOf(recipients.map(withoutSecret));
  });
  const guards: RecipientNeededBy[] = [];
  return {
    routes: recipientRoutes({
      ...deps,
      current: () => directory,
      reload: copy.reload,
      neededBy: async (sql, recipientId) => {
        const needs: string[] = [];
        for (const guard of guards) needs.push(...(await guard(sql, recipientId)));
        return needs;
      },
    }),
    current: () => directory,
    secretOf: (recipientId) => copy.current().find(({ id }) => id === recipientId)?.secret,
    guardDeletion: (neededBy) => void guards.push(neededBy),
    stop: () => {
      copy.stop();
      return Promise.resolve();
    },
  };
}

function withoutSecret({ id, name, agencyId, leader, language, channels, version }: StoredRecipient) {
  return { id, name, agencyId, leader, language, channels, version };
}
