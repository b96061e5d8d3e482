import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { circleOfCall, type Circle } from '../incidents/need-to-know.ts';
import { isoTime, isoTimeOrNull, timeColumn } from '../platform/text.ts';
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

const times = {
  arrivedAt: timeColumn,
  answeredAt: timeColumn.nullable(),
  firstTalkAt: timeColumn.nullable(),
  endedAt: timeColumn.nullable(),
};
const row = callView.extend(times);
const listedRow = row.extend({ kind: z.string().nullable() });

/** A call, and whom its incident concerns. */
export interface FoundCall {
  readonly view: CallView;
  readonly circle: Circle;
}

const columns = `id, incident_id as "incidentId", stage, outcome, reason, arrived_at as "arrivedAt",
  answered_at as "answeredAt", first_talk_at as "firstTalkAt", ended_at as "endedAt", caller_number as "callerNumber",
  caller_name as "callerName", carrier, dialled, source, sip_call_id as "sipCallId", channel_id as "channelId", node,
  operator_id as "operatorId", recorded_by as "recordedBy", headers`;

export function readCall(sql: Sql, id: string): Promise<CallView | undefined> {
  return sql.first(row, `select ${columns} from calls where id = $1`, [id]);
}

/** A live call as it is found. */
export function foundLive(call: Call): FoundCall {
  return { view: viewOfCall(call), circle: circleOfCall(call) };
}

/** A stored call: who talked on it stands in its row, what it was about with its incident. */
export function foundStored(view: CallView, kind: string | null): FoundCall {
  return { view, circle: { kind, operatorIds: view.operatorId === null ? [] : [view.operatorId] } };
}

/** Newest first; `after` is the position of the last one seen. */
export async function listCalls(
  sql: Sql,
  filter: { outcome?: string | undefined; limit: number; after: [string, string] | null },
): Promise<FoundCall[]> {
  const rows = await sql.rows(
    listedRow,
    `select ${columns}, (select i.kind from incidents i where i.id = incident_id) as kind from calls
     where ($1::text is null or outcome = $1) and ($2::timestamptz is null or (arrived_at, id) < ($2, $3::uuid))
     order by arrived_at desc, id desc limit $4`,
    [filter.outcome ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
  return rows.map(({ kind, ...view }) => foundStored(view, kind));
}

/** A live call as REST shows it. */
export function viewOfCall(call: Call): CallView {
  const { origin } = call;
  return {
    id: call.id,
    incidentId: call.incident.id,
    stage: call.stage,
    outcome: call.outcome,
    reason: call.reason,
    arrivedAt: isoTime(call.arrivedAt),
    answeredAt: isoTimeOrNull(call.answeredAt),
    firstTalkAt: isoTimeOrNull(call.firstTalkAt),
    endedAt: isoTimeOrNull(call.endedAt),
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
