import type { RecordAudit } from './audit.ts';

/** Writes one entry into the audit table. */
export const recordAudit: RecordAudit = async (sql, { principal, action, subject, detail = {} }) => {
  await sql.execute('INSERT INTO audit (token_id, role, action, subject, detail) VALUES ($1, $2, $3, $4, $5)', [
    principal.tokenId,
    principal.role,
    action,
    subject,
    JSON.stringify({ ...detail, by: principal.name }),
  ]);
};
