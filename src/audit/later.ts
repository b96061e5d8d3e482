import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import { isUnavailable, type Postgres } from '../platform/postgres.ts';
import { isoTime } from '../platform/text.ts';
import type { AuditEntry, RecordAudit } from './audit.ts';

/** An entry for what cannot wait for PostgreSQL: the deed comes first. Never throws. */
export type AuditLater = (entry: AuditEntry) => void;

export interface AuditKeeper {
  /** Writes it as soon as PostgreSQL takes it; `detail.at` is when it was done. */
  readonly note: AuditLater;
  /** Tries once more what is left; what PostgreSQL still does not take is in the log alone. */
  stop(): Promise<void>;
}

const again = 5_000;
/** More than this, and the oldest are in the log alone. */
const most = 500;

/** Audits what is done while PostgreSQL may be away. */
export function createAuditKeeper(deps: {
  postgres: Postgres;
  audit: RecordAudit;
  clock: Clock;
  logger: Logger;
}): AuditKeeper {
  const { clock, logger } = deps;
  const waiting: AuditEntry[] = [];
  let writing: Promise<void> | null = null;

  const lose = (lost: AuditEntry, error?: unknown): void =>
    logger.error({ lost, err: error }, 'an audit entry is in this log alone');

  const writeOne = async (entry: AuditEntry): Promise<void> => {
    try {
      await deps.audit(deps.postgres, entry);
    } catch (error) {
      if (isUnavailable(error)) throw error;
      // It would be refused again, and those behind it would never be written.
      lose(entry, error);
    }
  };

  const writeAll = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const entry = next;
      await writeOne(entry);
      if (waiting[0] === entry) waiting.shift();
    }
  };

  const write = (): Promise<void> => {
    writing ??= writeAll()
      .catch((error: unknown) => logger.warn({ err: error, waiting: waiting.length }, 'audit entries wait'))
      .finally(() => (writing = null));
    return writing;
  };

  const stopRetrying = clock.every(again, () => {
    if (waiting.length > 0) void write();
  });

  return {
    note(entry) {
      const now = clock.now();
      // Written, and the answer lost: it is tried again.
      waiting.push({ key: newId(now), ...entry, detail: { at: isoTime(now), ...entry.detail } });
      const dropped = waiting.length > most ? waiting.shift() : undefined;
      if (dropped !== undefined) lose(dropped);
      void write();
    },
    async stop() {
      stopRetrying();
      if (waiting.length > 0) await write();
      for (const lost of waiting) lose(lost);
    },
  };
}
