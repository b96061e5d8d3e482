import { z } from 'zod';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { bestFix } from './best-fix.ts';
import type { Fix } from './fix.ts';
import type { CallLocation } from './location.ts';
import { fixSchema, storedLocation } from './schema.ts';

const fixRow = z.object({ content: fixSchema });
const locationRow = z.object({ location: storedLocation.nullable() });

/** Adds fixes of a call; those that are there stay as they are. Answers how many were not there. */
export async function addFixes(sql: Sql, callId: string, fixes: readonly Fix[]): Promise<number> {
  if (fixes.length === 0) return 0;
  const rows = fixes.map((fix) => ({
    id: fix.id,
    received_at: new Date(fix.receivedAt).toISOString(),
    source: fix.source,
    content: fix,
  }));
  return sql.execute(
    `insert into location_fixes (id, call_id, received_at, source, content)
     select id, $1, received_at, source, content
     from jsonb_to_recordset($2::jsonb) as row(id uuid, received_at timestamptz, source text, content jsonb)
     on conflict do nothing`,
    [callId, storableJson(rows)],
  );
}

/** What a call's row keeps of its location. */
export function storedForm({ best, networks, unusable }: CallLocation): string {
  return storableJson({ best, networks, unusable });
}

/** The location of a stored call; null when there is no such call. */
export async function readLocation(sql: Sql, callId: string, lock = false): Promise<CallLocation | null> {
  const row = await sql.first(locationRow, `select location from calls where id = $1${lock ? ' for update' : ''}`, [
    callId,
  ]);
  if (row === undefined) return null;
  const fixes = await sql.rows(
    fixRow,
    'select content from location_fixes where call_id = $1 order by received_at, id',
    [callId],
  );
  const stored = row.location ?? { best: null, networks: [], unusable: [] };
  return { ...stored, fixes: fixes.map(({ content }) => content) };
}

/** Writes the location of a stored call, which the transaction has locked: new fixes, and what was chosen of all. */
export async function saveLocation(sql: Sql, callId: string, location: CallLocation): Promise<void> {
  await addFixes(sql, callId, location.fixes);
  await sql.execute('update calls set location = $2 where id = $1', [callId, storedForm(location)]);
}

const counted = z.object({ fixes: z.number() });

/**
 * Adds fixes that several owners of a stored call were told of. `written` is the state that its row was just written with:
 * undefined where the row has a newer one. A row that was chosen without knowing all of them is chosen anew, in the same
 * way whatever came first.
 */
export async function addFixesOfOwners(
  sql: Sql,
  callId: string,
  fixes: readonly Fix[],
  written: CallLocation | undefined,
): Promise<void> {
  const added = await addFixes(sql, callId, fixes);
  if (written === undefined && added === 0) return;
  const count = 'select count(*)::int as fixes from location_fixes where call_id = $1';
  const all = written === undefined ? null : await sql.first(counted, count, [callId]);
  if (all !== null && all?.fixes === written?.fixes.length) return;
  const location = await readLocation(sql, callId);
  if (location === null) return;
  const best = bestFix(location.fixes, Math.max(...location.fixes.map(({ receivedAt }) => receivedAt)));
  await sql.execute('update calls set location = $2 where id = $1', [callId, storedForm({ ...location, best })]);
}
