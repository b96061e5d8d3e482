import type { Clock } from '../platform/clock.ts';
import { newId } from '../platform/ids.ts';
import { createKeptWrites } from '../platform/keep-writing.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
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
  const writes = createKeptWrites<AuditEntry>({
    ...{ clock, logger, most, what: 'audit entries' },
    write: (entry) => deps.audit(deps.postgres, entry),
    lose: (lost, error) => logger.error({ lost, err: error }, 'an audit entry is in this log alone'),
  });
  return {
    note(entry) {
      const now = clock.now();
      // Written, and the answer lost: it is tried again.
      writes.keep({ key: newId(now), ...entry, detail: { at: isoTime(now), ...entry.detail } });
    },
    stop: writes.stop,
  };
}
