import type { Principal } from '../platform/auth.ts';
import type { Sql } from '../platform/postgres.ts';

/** Who changed what. `detail` holds what is needed to understand it later, and no secret. */
export interface AuditEntry {
  readonly principal: Principal;
  /** `room.verb`, such as `rules.activate`. */
  readonly action: string;
  /** What it was done to, such as `agency/damkar`. */
  readonly subject: string;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** One entry for one key: what several controllers saw, or is written again, stands there once. */
  readonly key?: string;
}

/** Writes an entry with the change it tells of: in the same transaction, so that neither is there alone. */
export type RecordAudit = (sql: Sql, entry: AuditEntry) => Promise<void>;
