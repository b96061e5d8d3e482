import { keepWithoutCall } from '../dispatch/without-call/lease-store.ts';
import type { WithoutCallEntry } from '../dispatch/without-call/without-call.ts';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime } from '../platform/text.ts';
import { writeDispatches } from './write-call.ts';

/** Applies one entry of dispatches without a call: their rows, and their lines in the incident's timeline. */
export async function writeWithoutCall(sql: Sql, entry: WithoutCallEntry): Promise<void> {
  const { state, sequence, facts, at } = entry;
  const { id, incidentId, claimedAt, dispatches } = state;
  if (await keepWithoutCall(sql, state, sequence)) {
    await writeDispatches(sql, { id: null, incident: { id: incidentId }, dispatches });
  }
  for (const [position, { type, detail }] of facts.entries()) {
    await sql.execute(
      `insert into timeline (outgoing_id, claimed_at, sequence, position, incident_id, at, type, detail)
       values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`,
      [id, claimedAt, sequence, position, incidentId, isoTime(at), type, storableJson(detail)],
    );
  }
}
