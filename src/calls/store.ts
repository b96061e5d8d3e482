import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import type { Call } from './call.ts';

export const callView = z.object({
  id: z.string(),
  incidentId: z.string(),
  stage: z.string(),
  outcome: z.string().nullable(),
  reason: z.string().nullable(),
  arrivedAt: z.string(),
  answeredAt: z.string().nullable(),
  firstTalkAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  callerNumber: z.string().nullable(),
  callerName: z.string().nullable(),
  carrier: z.string().nullable(),
  dialled: z.string().nullable(),
  source: z.string().nullable(),
  sipCallId: z.string().nullable(),
  channelId: z.string(),
  node: z.string(),
  operatorId: z.string().nullable(),
  /** `controller`, or `cel` for a call that no controller saw. */
  recordedBy: z.enum(['controller', 'cel']),
  headers: z.record(z.string(), z.string()),
});
export type CallView = z.output<typeof callView>;

const time = z.date().transform((at) => at.toISOString());
const row = callView.extend({
  arrivedAt: time,
  answeredAt: time.nullable(),
  firstTalkAt: time.nullable(),
  endedAt: time.nullable(),
});

const columns = `id, incident_id as "incidentId", stage, outcome, reason, arrived_at as "arrivedAt",
  answered_at as "answeredAt", first_talk_at as "firstTalkAt", ended_at as "endedAt", caller_number as "callerNumber",
  caller_name as "callerName", carrier, dialled, source, sip_call_id as "sipCallId", channel_id as "channelId", node,
  operator_id as "operatorId", recorded_by as "recordedBy", headers`;

export function readCall(sql: Sql, id: string): Promise<CallView | undefined> {
  return sql.first(row, `select ${columns} from calls where id = $1`, [id]);
}

/** Newest first; `after` is the position of the last one seen. */
export function listCalls(
  sql: Sql,
  filter: { outcome?: string | undefined; limit: number; after: [string, string] | null },
): Promise<CallView[]> {
  return sql.rows(
    row,
    `select ${columns} from calls
     where ($1::text is null or outcome = $1) and ($2::timestamptz is null or (arrived_at, id) < ($2, $3::uuid))
     order by arrived_at desc, id desc limit $4`,
    [filter.outcome ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
}

/** A live call as REST shows it. */
export function viewOfCall(call: Call): CallView {
  const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());
  const { origin } = call;
  return {
    id: call.id,
    incidentId: call.incident.id,
    stage: call.stage,
    outcome: call.outcome,
    reason: call.reason,
    arrivedAt: new Date(call.arrivedAt).toISOString(),
    answeredAt: iso(call.answeredAt),
    firstTalkAt: iso(call.firstTalkAt),
    endedAt: iso(call.endedAt),
    callerNumber: origin.callerNumber,
    callerName: origin.callerName,
    carrier: origin.carrier,
    dialled: origin.dialled,
    source: origin.source,
    sipCallId: origin.sipCallId,
    channelId: call.channelId,
    node: call.node,
    operatorId: call.operator?.operatorId ?? call.talkedWith,
    recordedBy: 'controller',
    headers: origin.headers,
  };
}
