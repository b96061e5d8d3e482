import type { RecordAudit } from './audit.ts';

/** Writes one entry into the audit table; none if there is one with its key. */
export const recordAudit: RecordAudit = async (sql, { principal, action, subject, detail = {}, key = null }) => {
  await sql.execute(
    `INSERT INTO audit (token_id, role, action, subject, detail, key) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (key) DO NOTHING`,
    [principal.tokenId, principal.role, action, subject, JSON.stringify({ ...detail, by: principal.name }), key],
  );
};
