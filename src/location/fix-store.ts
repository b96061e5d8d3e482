import { z } from 'zod';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { bestFix } from './best-fix.ts';
import type { Fix } from './fix.ts';
import type { CallLocation } from './location.ts';
import { fixSchema, storedLocation } from './schema.ts';

const fixRow = z.object({ content: fixSchema });
const addedRow = z.object({ callId: z.string() });
const locationRow = z.object({ location: storedLocation.nullable() });

interface FixesOfCall {
  readonly callId: string;
  readonly fixes: readonly Fix[];
}

/** Adds fixes of calls; those that are there stay as they are. Answers of which calls any was not there. */
export async function addFixes(sql: Sql, calls: readonly FixesOfCall[]): Promise<ReadonlySet<string>> {
  const rows = calls.flatMap(({ callId, fixes }) =>
    fixes.map((fix) => ({
      id: fix.id,
      call_id: callId,
      received_at: new Date(fix.receivedAt).toISOString(),
      source: fix.source,
      content: fix,
    })),
  );
  if (rows.length === 0) return new Set();
  const added = await sql.rows(
    addedRow,
    `insert into location_fixes (id, call_id, received_at, source, content)
     select id, call_id, received_at, source, content
     from jsonb_to_recordset($1::jsonb) as row(id uuid, call_id uuid, received_at timestamptz, source text, content jsonb)
     on conflict do nothing returning call_id::text as "callId"`,
    [storableJson(rows)],
  );
  return new Set(added.map(({ callId }) => callId));
}

/** What a call's row keeps of its location. */
export function storedPart({ best, networks, unusable }: CallLocation): Omit<CallLocation, 'fixes'> {
  return { best, networks, unusable };
}

export function storedForm(location: CallLocation): string {
  return storableJson(storedPart(location));
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
  await addFixes(sql, [{ callId, fixes: location.fixes }]);
  await sql.execute('update calls set location = $2 where id = $1', [callId, storedForm(location)]);
}

const counted = z.object({ callId: z.string(), fixes: z.number() });

/**
 * Adds fixes that several owners of stored calls were told of. `written` is the state that a call's row was just written with:
 * undefined where the row has a newer one. A row that was chosen without knowing all of them is chosen anew, in the same
 * way whatever came first.
 */
export async function addFixesOfOwners(
  sql: Sql,
  calls: readonly (FixesOfCall & { readonly written: CallLocation | undefined })[],
): Promise<void> {
  const added = await addFixes(sql, calls);
  const rows = await sql.rows(
    counted,
    'select call_id::text as "callId", count(*)::int as fixes from location_fixes where call_id = any ($1) group by call_id',
    [calls.flatMap(({ callId, written }) => (written === undefined ? [] : [callId]))],
  );
  const stored = new Map(rows.map(({ callId, fixes }) => [callId, fixes]));
  for (const { callId, written } of calls) {
    const knewAll = written === undefined ? !added.has(callId) : (stored.get(callId) ?? 0) === written.fixes.length;
    if (!knewAll) await chooseAnew(sql, callId);
  }
}

async function chooseAnew(sql: Sql, callId: string): Promise<void> {
  const location = await readLocation(sql, callId);
  if (location === null) return;
  const best = bestFix(location.fixes, Math.max(...location.fixes.map(({ receivedAt }) => receivedAt)));
  await sql.execute('update calls set location = $2 where id = $1', [callId, storedForm({ ...location, best })]);
}
