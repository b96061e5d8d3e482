import { z } from 'zod';
import type { DispatchTold } from '../notifications/notification.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, isoTimeOrNull, timeColumn } from '../platform/text.ts';
import type { Circle } from '../incidents/need-to-know.ts';
import type { Dispatch } from './dispatch.ts';
import { talkedOnIncident } from '../incidents/talked-sql.ts';

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
  muted: z.boolean(),
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
  requestedAt: timeColumn,
  acceptedAt: timeColumn.nullable(),
  joinedAt: timeColumn.nullable(),
  endedAt: timeColumn.nullable(),
  muted: z.boolean(),
  attempts: z.array(attemptRow),
  kind: z.string().nullable(),
  operatorIds: z.array(z.string()),
});

const dispatchColumns = `id, incident_id as "incidentId", call_id as "callId", agency_id as "agencyId",
  agency_name as "agencyName", mode, state, outcome, reason, requested_at as "requestedAt",
  accepted_at as "acceptedAt", joined_at as "joinedAt", ended_at as "endedAt", muted, attempts,
  (select i.kind from incidents i where i.id = dispatches.incident_id) as kind,
  ${talkedOnIncident('dispatches.incident_id')} as "operatorIds"`;

export type DispatchView = z.output<typeof dispatchView>;

/** A dispatch, and whom its incident concerns. */
export interface FoundDispatch {
  readonly view: DispatchView;
  readonly circle: Circle;
}

export async function readDispatch(sql: Sql, id: string): Promise<FoundDispatch | undefined> {
  const row = await sql.first(dispatchRow, `select ${dispatchColumns} from dispatches where id = $1`, [id]);
  return row && found(row);
}

/** Ends the dispatch of a call that is over; one that has ended stays as it is. `at` in epoch milliseconds. */
export async function endTold(sql: Sql, { dispatchId, outcome }: DispatchTold, at: number): Promise<void> {
  const [state, shown] = outcome === 'failed' ? ['failed', 'unreachable'] : ['told', outcome];
  await sql.execute(
    `update dispatches set state = $2, outcome = $3, ended_at = $4 where id = $1 and mode = 'notify' and ended_at is null`,
    [dispatchId, state, shown, isoTime(at)],
  );
}

export async function listDispatches(
  sql: Sql,
  filter: { incidentId?: string | undefined; limit: number; after: [string, string] | null },
): Promise<FoundDispatch[]> {
  const rows = await sql.rows(
    dispatchRow,
    `select ${dispatchColumns} from dispatches
     where ($1::uuid is null or incident_id = $1) and ($2::timestamptz is null or (requested_at, id) < ($2, $3::uuid))
     order by requested_at desc, id desc limit $4`,
    [filter.incidentId ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
  return rows.map(found);
}

function found({ kind, operatorIds, ...row }: z.output<typeof dispatchRow>): FoundDispatch {
  return { view: { ...row, attempts: row.attempts.map(attemptView) }, circle: { kind, operatorIds } };
}

function attemptView(attempt: z.output<typeof attemptRow>) {
  return {
    number: attempt.number,
    trunkId: attempt.trunkId,
    outcome: attempt.outcome,
    requestedAt: isoTime(attempt.requestedAt),
    ringingAt: isoTimeOrNull(attempt.ringingAt),
    answeredAt: isoTimeOrNull(attempt.answeredAt),
    endedAt: isoTimeOrNull(attempt.endedAt),
  };
}

/** A live dispatch as REST shows it. */
export function dispatchViewOf(dispatch: Dispatch, incidentId: string, callId: string | null): DispatchView {
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
    requestedAt: isoTime(dispatch.requestedAt),
    acceptedAt: isoTimeOrNull(dispatch.acceptedAt),
    joinedAt: isoTimeOrNull(dispatch.joinedAt),
    endedAt: isoTimeOrNull(dispatch.endedAt),
    muted: dispatch.muted,
    attempts: dispatch.attempts.map((attempt) => attemptView(attempt)),
  };
}
