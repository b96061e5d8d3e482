import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import type { Dispatch } from './dispatch.ts';

export const dispatchView = z.object({
  id: z.string(),
  incidentId: z.string(),
  callId: z.string().nullable(),
  agencyId: z.string(),
  agencyName: z.string(),
  mode: z.string(),
  state: z.string(),
  outcome: z.string().nullable(),
  reason: z.record(z.string(), z.unknown()),
  requestedAt: z.string(),
  acceptedAt: z.string().nullable(),
  joinedAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  attempts: z.array(
    z.object({
      number: z.number(),
      trunkId: z.string(),
      requestedAt: z.string(),
      ringingAt: z.string().nullable(),
      answeredAt: z.string().nullable(),
      endedAt: z.string().nullable(),
      outcome: z.string().nullable(),
    }),
  ),
});

const time = z.date().transform((at) => at.toISOString());

const attemptRow = z.object({
  number: z.number(),
  trunkId: z.string(),
  requestedAt: z.number(),
  ringingAt: z.number().nullable(),
  answeredAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  outcome: z.string().nullable(),
});

const dispatchRow = z.object({
  id: z.string(),
  incidentId: z.string(),
  callId: z.string().nullable(),
  agencyId: z.string(),
  agencyName: z.string(),
  mode: z.string(),
  state: z.string(),
  outcome: z.string().nullable(),
  reason: z.record(z.string(), z.unknown()),
  requestedAt: time,
  acceptedAt: time.nullable(),
  joinedAt: time.nullable(),
  endedAt: time.nullable(),
  attempts: z.array(attemptRow),
});

const dispatchColumns = `id, incident_id as "incidentId", call_id as "callId", agency_id as "agencyId",
  agency_name as "agencyName", mode, state, outcome, reason, requested_at as "requestedAt",
  accepted_at as "acceptedAt", joined_at as "joinedAt", ended_at as "endedAt", attempts`;

export async function readDispatch(sql: Sql, id: string) {
  const row = await sql.first(dispatchRow, `select ${dispatchColumns} from dispatches where id = $1`, [id]);
  return row && { ...row, attempts: row.attempts.map(attemptView) };
}

export async function listDispatches(
  sql: Sql,
  filter: { incidentId?: string | undefined; limit: number; after: [string, string] | null },
) {
  const rows = await sql.rows(
    dispatchRow,
    `select ${dispatchColumns} from dispatches
     where ($1::uuid is null or incident_id = $1) and ($2::timestamptz is null or (requested_at, id) < ($2, $3::uuid))
     order by requested_at desc, id desc limit $4`,
    [filter.incidentId ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
  return rows.map((row) => ({ ...row, attempts: row.attempts.map(attemptView) }));
}

function attemptView(attempt: z.output<typeof attemptRow>) {
  return {
    ...attempt,
    requestedAt: new Date(attempt.requestedAt).toISOString(),
    ringingAt: iso(attempt.ringingAt),
    answeredAt: iso(attempt.answeredAt),
    endedAt: iso(attempt.endedAt),
  };
}

/** A live dispatch as REST shows it. */
export function dispatchViewOf(dispatch: Dispatch, incidentId: string, callId: string) {
  return {
    id: dispatch.id,
    agencyId: dispatch.agencyId,
    agencyName: dispatch.agencyName,
    mode: dispatch.mode,
    state: dispatch.state,
    outcome: dispatch.outcome,
    incidentId,
    callId,
    reason: { ...dispatch.reason },
    requestedAt: new Date(dispatch.requestedAt).toISOString(),
    acceptedAt: iso(dispatch.acceptedAt),
    joinedAt: iso(dispatch.joinedAt),
    endedAt: iso(dispatch.endedAt),
    attempts: dispatch.attempts.map((attempt) => attemptView(attempt)),
  };
}

function iso(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
