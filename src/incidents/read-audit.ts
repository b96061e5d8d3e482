import type { RecordAudit } from '../audit/audit.ts';
import type { Principal } from '../platform/auth.ts';
import type { Logger } from '../platform/logger.ts';
import type { Sql } from '../platform/postgres.ts';
import { isConfidential } from '../routing/kind.ts';

/** One look at one incident, or at its call. */
interface Reading {
  readonly principal: Principal;
  readonly logger: Logger;
  /** `incident/…` or `call/…`. */
  readonly subject: string;
  readonly kind: string | null;
  /** It came from memory: then it is answered whether PostgreSQL can note it or not. */
  readonly live: boolean;
}

/**
 * Notes in the audit trail that a confidential incident was read. What lies in PostgreSQL is shown only when that is
 * noted; a live call waits for nothing, and the log keeps what the trail could not take.
 */
export async function noteReading(sql: Sql, audit: RecordAudit, reading: Reading): Promise<void> {
  const { principal, logger, subject, kind, live } = reading;
  if (!isConfidential(kind)) return;
  const noted = audit(sql, { principal, action: 'incidents.read', subject });
  if (!live) return noted;
  const { tokenId, role } = principal;
  noted.catch((error: unknown) =>
    logger.error({ err: error, tokenId, role, subject }, 'the audit trail could not note a confidential reading'),
  );
}
