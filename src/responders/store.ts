import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, millisecondsColumn } from '../platform/text.ts';
import { responseState, type ResponseState, type ResponseStep } from './response.ts';

const stepRow = z.object({
  dispatchId: z.string(),
  state: responseState,
  at: millisecondsColumn,
});

/** What the crews of these dispatches have told. */
export async function readSteps(sql: Sql, dispatchIds: readonly string[]): Promise<Map<string, ResponseStep[]>> {
  const rows = await sql.rows(
    stepRow,
    'select dispatch_id::text as "dispatchId", state, at from dispatch_responses where dispatch_id = any($1) order by at',
    [dispatchIds],
  );
  const steps = new Map<string, ResponseStep[]>();
  for (const { dispatchId, state, at } of rows)
    steps.set(dispatchId, [...(steps.get(dispatchId) ?? []), { state, at }]);
  return steps;
}

/** What the crew of one has told; nobody else tells anything of it until the transaction ends. */
export async function lockSteps(sql: Sql, dispatchId: string): Promise<ResponseStep[]> {
  // The dispatch itself may not be on record yet.
  await sql.execute('select pg_advisory_xact_lock(hashtext($1))', [`siaga_responder ${dispatchId}`]);
  return (await readSteps(sql, [dispatchId])).get(dispatchId) ?? [];
}

export async function insertStep(
  sql: Sql,
  dispatchId: string,
  step: { state: ResponseState; at: number; by: string; note: string | null },
): Promise<void> {
  await sql.execute('insert into dispatch_responses (dispatch_id, state, at, by, note) values ($1,$2,$3,$4,$5)', [
    dispatchId,
    step.state,
    isoTime(step.at),
    step.by,
    step.note,
  ]);
}

/** The key that signs links: made by whoever asks first, and the same for all. */
export async function linkSecret(sql: Sql, fresh: string): Promise<string> {
  await sql.execute(`insert into centre_secrets (name, secret) values ('responder-links', $1) on conflict do nothing`, [
    fresh,
  ]);
  const row = await sql.first(
    z.object({ secret: z.string() }),
    `select secret from centre_secrets where name = 'responder-links'`,
  );
  if (row === undefined) throw new Error('the key of the links cannot be read');
  return row.secret;
}

const reported = z.object({ dispatchId: z.string(), agencyId: z.string(), digest: z.string() });

/**
 * The dispatches since then (epoch milliseconds) of the incidents that have this number, of agencies whose crews have a PIN:
 * first those that a crew is likely to mean.
 */
export function dispatchesOfNumber(sql: Sql, number: string, since: number): Promise<z.output<typeof reported>[]> {
  return sql.rows(
    reported,
    `select d.id::text as "dispatchId", d.agency_id as "agencyId", p.digest
     from incidents i join dispatches d on d.incident_id = i.id join crew_pins p on p.agency_id = d.agency_id
     where incident_number(i.id) = $1 and d.requested_at > $2
     order by i.status = 'closed', d.state = 'cancelled', d.requested_at desc, d.id desc limit 200`,
    [number, isoTime(since)],
  );
}

/** Keeps the digest of an agency's new PIN; false when there is no such agency. */
export async function saveCrewPin(sql: Sql, agencyId: string, digest: string): Promise<boolean> {
  const saved = await sql.execute(
    `insert into crew_pins (agency_id, digest) select id, $2 from agencies where id = $1
     on conflict (agency_id) do update set digest = excluded.digest, set_at = now()`,
    [agencyId, digest],
  );
  return saved > 0;
}

/** Whether there was one. */
export async function deleteCrewPin(sql: Sql, agencyId: string): Promise<boolean> {
  return (await sql.execute('delete from crew_pins where agency_id = $1', [agencyId])) > 0;
}
