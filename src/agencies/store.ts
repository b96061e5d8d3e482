import { z } from 'zod';
import { violatedConstraint } from '../platform/postgres-errors.ts';
import type { Sql } from '../platform/postgres.ts';
import { agencySchema, type Agency, type AgencyBody, type AgencyDraft } from './agency.ts';

/** NOTIFY on it tells every process that agencies or trunks changed. */
export const agenciesChannel = 'siaga_agencies';

/** Every agency with its trunks in their order. */
export function readAgencies(sql: Sql): Promise<Agency[]> {
  return sql.rows(
    agencySchema,
    `SELECT a.id, a.name, a.name_english AS "nameEnglish", a.number, a.acceptance, a.version,
       a.hours, a.alternates, a.districts, a.sop, a.contacts, a.drill_trunk AS "drillTrunk",
       coalesce((SELECT json_agg(json_strip_nulls(json_build_object('id', t.id, 'type', t.type, 'host', t.host,
                   'port', t.port, 'transport', t.transport, 'number', t.number, 'name', t.name)) ORDER BY t.position)
                 FROM trunks t WHERE t.agency_id = a.id), '[]') AS trunks
     FROM agencies a ORDER BY a.id`,
  );
}

/** The agency's version, its row locked until the transaction ends. */
export async function lockVersion(sql: Sql, agencyId: string): Promise<number | undefined> {
  const row = await sql.first(
    z.object({ version: z.number() }),
    'SELECT version FROM agencies WHERE id = $1 FOR UPDATE',
    [agencyId],
  );
  return row?.version;
}

type SaveResult = { readonly saved: true } | { readonly saved: false; readonly why: 'exists' | 'trunk-taken' };

/** Stores an agency under the version given (1: it must be new), with its trunks. */
export async function saveAgency(sql: Sql, id: string, body: AgencyBody, version: number): Promise<SaveResult> {
  const fields = [
    id,
    body.name,
    body.nameEnglish,
    body.number,
    body.acceptance,
    JSON.stringify(body.hours),
    body.alternates,
    body.districts,
    JSON.stringify(body.sop),
    body.contacts,
    body.drillTrunk === null ? null : JSON.stringify(body.drillTrunk),
  ];
  const touched =
    version === 1
      ? await sql.execute(
          `INSERT INTO agencies (id, name, name_english, number, acceptance, hours, alternates, districts, sop, contacts,
             drill_trunk) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
           ON CONFLICT (id) DO NOTHING`,
          fields,
        )
      : await sql.execute(
          `UPDATE agencies SET name = $2, name_english = $3, number = $4, acceptance = $5, hours = $6, alternates = $7,
             districts = $8, sop = $9, contacts = $10, drill_trunk = $11, version = $12, updated_at = now() WHERE id = $1`,
          [...fields, version],
        );
  if (touched === 0) return { saved: false, why: 'exists' };
  await sql.execute('DELETE FROM trunks WHERE agency_id = $1', [id]);
  try {
    await insertTrunks(sql, id, body);
    await sql.execute(
      `DELETE FROM trunk_accounts WHERE agency_id = $1
         AND trunk_id NOT IN (SELECT id FROM trunks WHERE agency_id = $1 AND type = 'desk')`,
      [id],
    );
  } catch (error) {
    if (violatedConstraint(error) === 'trunks_pkey') return { saved: false, why: 'trunk-taken' };
    throw error;
  }
  await tell(sql, id);
  return { saved: true };
}

async function insertTrunks(sql: Sql, id: string, body: AgencyBody): Promise<void> {
  for (const [position, trunk] of body.trunks.entries()) {
    await sql.execute(
      `INSERT INTO trunks (id, agency_id, position, type, host, port, transport, number, name)
       SELECT $1, $2, $3, way.* FROM jsonb_to_record($4) AS way
         (type text, host text, port int, transport text, number text, name text)`,
      [trunk.id, id, position, JSON.stringify(trunk)],
    );
  }
}

/** Removes an agency and its trunks. */
export async function deleteAgency(sql: Sql, id: string): Promise<void> {
  await sql.execute('DELETE FROM agencies WHERE id = $1', [id]);
  await tell(sql, id);
}

/** Stores the city's agencies if there are none yet. */
export async function seedAgencies(sql: Sql, agencies: readonly AgencyDraft[]): Promise<boolean> {
  await lockConfiguration(sql);
  const found = await sql.first(z.object({ count: z.coerce.number() }), 'SELECT count(*) FROM agencies');
  if (found && found.count > 0) return false;
  for (const { id, ...body } of agencies) {
    const result = await saveAgency(sql, id, body, 1);
    if (!result.saved) throw new Error(`the city profile names the agency ${id} or one of its trunks twice`);
  }
  return true;
}

/**
 * One change of agencies or rules at a time, over all processes: a rule set is checked against the agencies that
 * are there, and an agency is not deleted under a rule set that is being stored.
 */
export async function lockConfiguration(sql: Sql): Promise<void> {
  await sql.execute(`SELECT pg_advisory_xact_lock(hashtext('siaga_configuration'))`);
}

export const trunkAccountSchema = z.strictObject({
  trunkId: z.string(),
  account: z.string(),
  /** HA1 of RFC 2617. */
  passwordDigest: z.string(),
});
/** The SIP account of a trunk that is an agency's own desk. */
export type TrunkAccount = z.output<typeof trunkAccountSchema>;

const accountColumns = 'trunk_id AS "trunkId", account, password_digest AS "passwordDigest"';

export function readTrunkAccounts(sql: Sql): Promise<TrunkAccount[]> {
  return sql.rows(trunkAccountSchema, `SELECT ${accountColumns} FROM trunk_accounts ORDER BY trunk_id`);
}

export function readTrunkAccount(sql: Sql, trunkId: string): Promise<TrunkAccount | undefined> {
  return sql.first(trunkAccountSchema, `SELECT ${accountColumns} FROM trunk_accounts WHERE trunk_id = $1`, [trunkId]);
}

/** Stores an account, or the new password of one. */
export async function saveTrunkAccount(sql: Sql, agencyId: string, account: TrunkAccount): Promise<void> {
  await sql.execute(
    `INSERT INTO trunk_accounts (trunk_id, agency_id, account, password_digest) VALUES ($1, $2, $3, $4)
     ON CONFLICT (trunk_id) DO UPDATE SET agency_id = $2, account = $3, password_digest = $4`,
    [account.trunkId, agencyId, account.account, account.passwordDigest],
  );
  await tell(sql, agencyId);
}

async function tell(sql: Sql, id: string): Promise<void> {
  await sql.execute('SELECT pg_notify($1, $2)', [agenciesChannel, id]);
}
