import { z } from 'zod';
import { roleSchema } from '../platform/auth.ts';
import type { Sql } from '../platform/postgres.ts';
import { timeColumn } from '../platform/text.ts';

/** A token that is valid: its hash and whom it speaks for. */
export const knownToken = z.object({
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  tokenId: z.string(),
  role: roleSchema,
  name: z.string(),
  operatorId: z.string().optional(),
});
export type KnownToken = z.infer<typeof knownToken>;

/** A token as the admins see it. */
export const tokenRow = z.object({
  id: z.string(),
  name: z.string(),
  role: roleSchema,
  operatorId: z.string().nullable(),
  createdAt: z.string(),
  createdBy: z.string(),
  revokedAt: z.string().nullable(),
});
type TokenRow = z.infer<typeof tokenRow>;

interface NewTokenRow {
  readonly id: string;
  readonly hash: string;
  readonly name: string;
  readonly role: z.infer<typeof roleSchema>;
  readonly operatorId: string | undefined;
  readonly createdBy: string;
}

const storedToken = tokenRow.extend({ createdAt: timeColumn, revokedAt: timeColumn.nullable() });
const columns = `id, name, role, operator_id AS "operatorId", created_at AS "createdAt", created_by AS "createdBy",
  revoked_at AS "revokedAt"`;

/** NOTIFY on it tells every process that the tokens changed. */
export const tokensChannel = 'siaga_tokens';

/** Every token that is not revoked. */
export async function readKnownTokens(sql: Sql): Promise<KnownToken[]> {
  const row = knownToken.extend({ operatorId: z.string().nullable() });
  const rows = await sql.rows(
    row,
    `SELECT hash, id AS "tokenId", role, name, operator_id AS "operatorId" FROM tokens WHERE revoked_at IS NULL ORDER BY id`,
  );
  return rows.map(({ operatorId, ...token }) => (operatorId === null ? token : { ...token, operatorId }));
}

/** Tokens after the one with id `after`, in the order they were made. */
export function listTokens(sql: Sql, limit: number, after: string | undefined): Promise<TokenRow[]> {
  return sql.rows(storedToken, `SELECT ${columns} FROM tokens WHERE $2::uuid IS NULL OR id > $2 ORDER BY id LIMIT $1`, [
    limit,
    after ?? null,
  ]);
}

/** Stores a new token's hash and tells every process. */
export async function insertToken(sql: Sql, token: NewTokenRow): Promise<TokenRow> {
  const row = await sql.first(
    storedToken,
    `INSERT INTO tokens (id, hash, name, role, operator_id, created_by) VALUES ($1, $2, $3, $4, $5, $6)
     RETURNING ${columns}`,
    [token.id, token.hash, token.name, token.role, token.operatorId ?? null, token.createdBy],
  );
  await sql.execute('SELECT pg_notify($1, $2)', [tokensChannel, token.id]);
  if (!row) throw new Error('INSERT returned no row');
  return row;
}

type Revocation =
  { readonly done: true; readonly name: string } | { readonly done: false; readonly why: 'unknown' | 'last-admin' };

/** Revokes a token, but never the last admin's: nobody could make another one over REST. */
export async function revokeToken(sql: Sql, id: string): Promise<Revocation> {
  // One at a time: two admins who revoke each other's token at once would otherwise both succeed.
  await sql.execute(`SELECT pg_advisory_xact_lock(hashtext('siaga_tokens'))`);
  const row = z.object({ name: z.string(), role: roleSchema, otherAdmins: z.coerce.number() });
  const token = await sql.first(
    row,
    `SELECT name, role, (SELECT count(*) FROM tokens other
       WHERE other.role = 'admin' AND other.revoked_at IS NULL AND other.id <> tokens.id) AS "otherAdmins"
     FROM tokens WHERE id = $1 AND revoked_at IS NULL`,
    [id],
  );
  if (!token) return { done: false, why: 'unknown' };
  if (token.role === 'admin' && token.otherAdmins === 0) return { done: false, why: 'last-admin' };
  await sql.execute('UPDATE tokens SET revoked_at = now() WHERE id = $1', [id]);
  await sql.execute('SELECT pg_notify($1, $2)', [tokensChannel, id]);
  return { done: true, name: token.name };
}

/** Revokes every token that speaks for an operator; their ids. An admin's stays: whoever made him an operator needs it. */
export async function revokeTokensOf(sql: Sql, operatorId: string): Promise<string[]> {
  const revoked = await sql.rows(
    z.object({ id: z.string() }),
    `UPDATE tokens SET revoked_at = now() WHERE operator_id = $1 AND role <> 'admin' AND revoked_at IS NULL RETURNING id`,
    [operatorId],
  );
  if (revoked.length > 0) await sql.execute('SELECT pg_notify($1, $2)', [tokensChannel, operatorId]);
  return revoked.map(({ id }) => id);
}
