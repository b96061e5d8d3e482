import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import { isoTime } from '../platform/text.ts';
import type { AuditEntry, RecordAudit } from './audit.ts';

/** An entry for what cannot wait for PostgreSQL. */
export interface AuditLater {
  /** Writes it as soon as PostgreSQL takes it; `detail.at` is when it was done. Never throws. */
  note(entry: AuditEntry): void;
  /** Tries once more what is left, and says how much that was. */
  stop(): Promise<void>;
}

const again = 5_000;
/** More than this, and the oldest are in the log alone. */
const most = 500;

/** Audits what is done while PostgreSQL may be away: the deed comes first, its entry follows. */
export function auditLater(deps: { postgres: Postgres; audit: RecordAudit; clock: Clock; logger: Logger }): AuditLater {
  const { clock, logger } = deps;
  const waiting: AuditEntry[] = [];
  let writing: Promise<void> | null = null;

  const writeAll = async (): Promise<void> => {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      const entry = next;
      await deps.postgres.transaction((sql) => deps.audit(sql, entry));
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
      waiting.push({ ...entry, detail: { at: isoTime(clock.now()), ...entry.detail } });
      const dropped = waiting.length > most ? waiting.shift() : undefined;
      if (dropped !== undefined) logger.error({ dropped }, 'an audit entry is in this log alone');
      void write();
    },
    async stop() {
      stopRetrying();
      if (waiting.length > 0) await write();
      for (const lost of waiting) logger.error({ lost }, 'an audit entry is in this log alone');
    },
  };
}
