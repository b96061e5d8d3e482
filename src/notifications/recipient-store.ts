import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { recipientSchema, type RecipientBody, type RecipientDraft } from './recipient.ts';
import { newWebhookSecret } from './signature.ts';

/** NOTIFY on it tells every process that recipients changed. */
export const recipientsChannel = 'siaga_recipients';

/** A recipient with the secret that signs what is posted to it. */
export const storedRecipient = recipientSchema.extend({ secret: z.string() });
export type StoredRecipient = z.output<typeof storedRecipient>;

/** Every recipient, by id. */
export function readRecipients(sql: Sql): Promise<StoredRecipient[]> {
  return sql.rows(
    storedRecipient,
    `select id, name, agency_id as "agencyId", leader, language, channels, secret, version from recipients order by id`,
  );
}

/** The recipient's version, its row locked until the transaction ends. */
export async function lockRecipient(sql: Sql, id: string): Promise<number | undefined> {
  const row = await sql.first(
    z.object({ version: z.number() }),
    'select version from recipients where id = $1 for update',
    [id],
  );
  return row?.version;
}

/** Stores a recipient that is new; false if there is one with this id. */
export async function insertRecipient(sql: Sql, id: string, body: RecipientBody, secret: string): Promise<boolean> {
  const inserted = await sql.execute(
    `insert into recipients (id, name, agency_id, leader, language, channels, secret, version)
     values ($1, $2, $3, $4, $5, $6, $7, 1) on conflict (id) do nothing`,
    [...fieldsOf(id, body), secret],
  );
  await tell(sql, id);
  return inserted > 0;
}

/** Replaces all but the secret. */
export async function updateRecipient(sql: Sql, id: string, body: RecipientBody, version: number): Promise<void> {
  await sql.execute(
    `update recipients set name = $2, agency_id = $3, leader = $4, language = $5, channels = $6, version = $7,
       updated_at = now() where id = $1`,
    [...fieldsOf(id, body), version],
  );
  await tell(sql, id);
}

function fieldsOf(id: string, { name, agencyId, leader, language, channels }: RecipientBody): unknown[] {
  return [id, name, agencyId, leader, language, JSON.stringify(channels)];
}

/** Gives a recipient another secret; false if there is none of this id. */
export async function replaceSecret(sql: Sql, id: string, secret: string): Promise<boolean> {
  const replaced = await sql.execute('update recipients set secret = $2, updated_at = now() where id = $1', [
    id,
    secret,
  ]);
  await tell(sql, id);
  return replaced > 0;
}

export async function deleteRecipient(sql: Sql, id: string): Promise<void> {
  await sql.execute('delete from recipients where id = $1', [id]);
  await tell(sql, id);
}

/** Stores the city's recipients if there are none yet. */
export async function seedRecipients(sql: Sql, recipients: readonly RecipientDraft[]): Promise<boolean> {
  await sql.execute(`select pg_advisory_xact_lock(hashtext('siaga_recipients'))`);
  const found = await sql.first(z.object({ count: z.coerce.number() }), 'select count(*) from recipients');
  if (recipients.length === 0 || (found && found.count > 0)) return false;
  for (const { id, ...body } of recipients) await insertRecipient(sql, id, body, newWebhookSecret());
  return true;
}

async function tell(sql: Sql, id: string): Promise<void> {
  await sql.execute('select pg_notify($1, $2)', [recipientsChannel, id]);
}
