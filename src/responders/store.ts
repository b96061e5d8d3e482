import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { isoTime } from '../platform/text.ts';
import { responseState, type ResponseState, type ResponseStep } from './response.ts';

const stepRow = z.object({
  dispatchId: z.string(),
  state: responseState,
  at: z.date().transform((at) => at.getTime()),
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
