import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { timeColumn } from '../platform/text.ts';

export const auditRow = z.object({
  id: z.string(),
  at: z.string(),
  tokenId: z.string(),
  role: z.string(),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()),
});
export type AuditRow = z.infer<typeof auditRow>;

/** Newest first, before the entry with the id `before`. */
export function listAudit(
  sql: Sql,
  query: { limit: number; before: string | undefined; subject: string | undefined; action: string | undefined },
): Promise<AuditRow[]> {
  return sql.rows(
    auditRow.extend({ at: timeColumn }),
    `SELECT id::text, at, token_id AS "tokenId", role, action, subject, detail FROM audit
     WHERE ($2::bigint IS NULL OR id < $2) AND ($3::text IS NULL OR subject = $3) AND ($4::text IS NULL OR action = $4)
     ORDER BY audit.id DESC LIMIT $1`,
    [query.limit, query.before ?? null, query.subject ?? null, query.action ?? null],
  );
}
