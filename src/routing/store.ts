import { z } from 'zod';
import { talkedOnIncident } from '../incidents/talked-sql.ts';
import type { Sql } from '../platform/postgres.ts';
import { timeColumn } from '../platform/text.ts';
import { decidedAction, decidedTell, ruleSetContent, type RuleSet, type RuleSetContent } from './rule.ts';

/** NOTIFY on it tells every process that another version is active. */
export const rulesChannel = 'siaga_rules';

export const versionRow = z.object({
  version: z.number().int(),
  rules: z.number().int(),
  createdAt: z.string(),
  createdBy: z.string(),
  active: z.boolean(),
});
type VersionRow = z.infer<typeof versionRow>;
const storedVersion = versionRow.extend({ createdAt: timeColumn });

const activeVersion = z.object({ version: z.number() });
const storedSet = z.object({ version: z.number(), content: ruleSetContent });
const activeVersionSql = 'SELECT version FROM rule_set_activations ORDER BY id DESC LIMIT 1';

/** The version of the active rule set; undefined before the first was stored. */
export async function readActiveVersion(sql: Sql): Promise<number | undefined> {
  return (await sql.first(activeVersion, activeVersionSql))?.version;
}

/** The active rule set; undefined before the first was stored. */
export async function readActive(sql: Sql): Promise<RuleSet | undefined> {
  const row = await sql.first(
    storedSet,
    `SELECT version, content FROM rule_sets WHERE version = (${activeVersionSql})`,
  );
  return row && { ...row.content, version: row.version };
}

/** A version's rule set. */
export async function readVersion(sql: Sql, version: number): Promise<RuleSet | undefined> {
  const row = await sql.first(storedSet, 'SELECT version, content FROM rule_sets WHERE version = $1', [version]);
  return row && { ...row.content, version: row.version };
}

/** Versions, newest first, older than `before`. */
export function listVersions(sql: Sql, limit: number, before: number | undefined): Promise<VersionRow[]> {
  return sql.rows(
    storedVersion,
    `SELECT version, jsonb_array_length(content->'rules') AS rules, created_at AS "createdAt",
       created_by AS "createdBy", version = (${activeVersionSql}) AS active
     FROM rule_sets WHERE $2::int IS NULL OR version < $2 ORDER BY version DESC LIMIT $1`,
    [limit, before ?? null],
  );
}

/** Stores a new version, one above the highest; it is not active yet. The configuration lock must be held. */
export async function insertVersion(sql: Sql, content: RuleSetContent, by: string): Promise<number> {
  const row = await sql.first(
    z.object({ version: z.number() }),
    `INSERT INTO rule_sets (version, content, created_by)
     SELECT coalesce(max(version), 0) + 1, $1, $2 FROM rule_sets RETURNING version`,
    [JSON.stringify(content), by],
  );
  if (!row) throw new Error('INSERT returned no row');
  return row.version;
}

/** Makes a version the active one and tells every process. */
export async function activate(sql: Sql, version: number, by: string): Promise<void> {
  await sql.execute('INSERT INTO rule_set_activations (version, by) VALUES ($1, $2)', [version, by]);
  await sql.execute('SELECT pg_notify($1, $2)', [rulesChannel, String(version)]);
}

const pastRow = z.object({
  incidentId: z.string(),
  at: timeColumn,
  ruleSetVersion: z.number(),
  facts: z.unknown(),
  actions: z.array(decidedAction),
  tell: z.array(decidedTell),
  kind: z.string().nullable(),
  operatorIds: z.array(z.string()),
});
/** A decision as it was stored, and whom its incident concerns. */
export type PastRow = z.output<typeof pastRow>;

/** What was decided from `from` (inclusive) to `to` (exclusive), newest first. */
export function readPast(
  sql: Sql,
  { from, to, limit }: { from: string; to: string; limit: number },
): Promise<PastRow[]> {
  return sql.rows(
    pastRow,
    `SELECT d.incident_id AS "incidentId", d.at, d.rule_set_version AS "ruleSetVersion", d.facts, d.actions, d.tell, i.kind,
       ${talkedOnIncident('d.incident_id')} AS "operatorIds"
     FROM routing_decisions d JOIN incidents i ON i.id = d.incident_id
     WHERE d.at >= $1 AND d.at < $2 ORDER BY d.at DESC, d.call_id, d.sequence DESC LIMIT $3`,
    [from, to, limit],
  );
}
