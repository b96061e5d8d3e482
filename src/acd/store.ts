import { z } from 'zod';
import { violatedConstraint } from '../platform/postgres-errors.ts';
import type { Sql } from '../platform/postgres.ts';

/** NOTIFY on it tells every process that operators changed. */
export const operatorsChannel = 'siaga_operators';

/** An operator with what Asterisk needs of his account. */
export const storedOperator = z.object({
  id: z.string(),
  name: z.string(),
  extension: z.string(),
  account: z.string(),
  passwordDigest: z.string(),
});
export type StoredOperator = z.output<typeof storedOperator>;

export function readOperators(sql: Sql): Promise<StoredOperator[]> {
  return sql.rows(
    storedOperator,
    `select id, name, extension, account, password_digest as "passwordDigest" from operators order by extension`,
  );
}

/** False when another operator has the extension. */
export async function insertOperator(sql: Sql, operator: StoredOperator, at: number): Promise<boolean> {
  try {
    await sql.execute(
      `insert into operators (id, name, extension, account, password_digest, created_at) values ($1,$2,$3,$4,$5,$6)`,
      [operator.id, operator.name, operator.extension, operator.account, operator.passwordDigest, new Date(at)],
    );
  } catch (error) {
    if (violatedConstraint(error) === 'operators_extension_key') return false;
    throw error;
  }
  await sql.execute('select pg_notify($1, $2)', [operatorsChannel, operator.id]);
  return true;
}

/** The account of the operator that was deleted, or undefined if there was none. */
export async function deleteOperator(sql: Sql, id: string): Promise<string | undefined> {
  const row = await sql.first(
    z.object({ account: z.string() }),
    'delete from operators where id = $1 returning account',
    [id],
  );
  await sql.execute('select pg_notify($1, $2)', [operatorsChannel, id]);
  return row?.account;
}
