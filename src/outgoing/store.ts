import { z } from 'zod';
import type { Circle } from '../incidents/need-to-know.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, isoTimeOrNull, timeColumn } from '../platform/text.ts';
import type { OutgoingCall } from './outgoing.ts';

/** A call to the outside as REST shows it. */
export const outgoingView = z.object({
  id: z.string(),
  incidentId: z.string().nullable(),
  operatorId: z.string().nullable(),
  number: z.string(),
  purpose: z.string(),
  /** `reserving`, `ringing-operator`, `ringing`, `talking`, `closing`; `ended` in the record. */
  stage: z.string(),
  beganAt: z.string(),
  answeredAt: z.string().nullable(),
  endedAt: z.string().nullable(),
  outcome: z.string().nullable(),
  reason: z.string().nullable(),
  callbackId: z.string().nullable(),
  /** Recordings are named after these. */
  channels: z.object({ operator: z.string().nullable(), outside: z.string().nullable() }),
});
export type OutgoingView = z.output<typeof outgoingView>;

/** A call to the outside, and whom its incident concerns; null where it has none. */
export interface FoundOutgoing {
  readonly view: OutgoingView;
  readonly circle: Circle | null;
}

const row = z.object({
  id: z.string(),
  incidentId: z.string().nullable(),
  operatorId: z.string().nullable(),
  number: z.string(),
  purpose: z.string(),
  beganAt: timeColumn,
  answeredAt: timeColumn.nullable(),
  endedAt: timeColumn.nullable(),
  outcome: z.string().nullable(),
  reason: z.string().nullable(),
  callbackId: z.string().nullable(),
  operatorChannelId: z.string().nullable(),
  outsideChannelId: z.string().nullable(),
  kind: z.string().nullable(),
  operatorIds: z.array(z.string()),
});

const columns = `o.id, o.incident_id as "incidentId", o.operator_id::text as "operatorId", o.number, o.purpose,
  o.began_at as "beganAt", o.answered_at as "answeredAt", o.ended_at as "endedAt", o.outcome, o.reason,
  o.callback_id as "callbackId", o.operator_channel_id as "operatorChannelId",
  o.outside_channel_id as "outsideChannelId",
  (select i.kind from incidents i where i.id = o.incident_id) as kind,
  array(select c.operator_id::text from calls c
        where c.incident_id = o.incident_id and c.operator_id is not null) as "operatorIds"`;

export async function readOutgoing(sql: Sql, id: string): Promise<FoundOutgoing | undefined> {
  const found = await sql.first(row, `select ${columns} from outgoing_calls o where o.id = $1`, [id]);
  return found && foundOf(found);
}

/** Newest first. */
export async function listOutgoing(
  sql: Sql,
  filter: {
    incidentId?: string | undefined;
    operatorId?: string | undefined;
    limit: number;
    after: [string, string] | null;
  },
): Promise<FoundOutgoing[]> {
  const rows = await sql.rows(
    row,
    `select ${columns} from outgoing_calls o
     where ($1::uuid is null or o.incident_id = $1) and ($2::uuid is null or o.operator_id = $2)
       and ($3::timestamptz is null or (o.began_at, o.id) < ($3, $4::uuid))
     order by o.began_at desc, o.id desc limit $5`,
    [
      filter.incidentId ?? null,
      filter.operatorId ?? null,
      filter.after?.[0] ?? null,
      filter.after?.[1] ?? null,
      filter.limit,
    ],
  );
  return rows.map(foundOf);
}

const recentRow = z.object({
  id: z.string(),
  operatorId: z.string(),
  at: timeColumn.transform((text) => Date.parse(text)),
});

/**
 * What operators called since `since` (epoch milliseconds), refused calls left out. Parties of 112 calls only of before
 * `started`: from then on who asks counts them himself, before they have an id.
 */
export function readRecent(sql: Sql, since: number, started: number): Promise<z.output<typeof recentRow>[]> {
  return sql.rows(
    recentRow,
    `select id::text, operator_id::text as "operatorId", began_at as at from outgoing_calls
     where began_at > $1::timestamptz and operator_id is not null and purpose = 'dial-out'
       and outcome is distinct from 'refused'
     union all
     select t.detail->>'partyId', t.detail->>'by', t.at from calls c join timeline t on t.call_id = c.id
     where c.arrived_at > $1::timestamptz - interval '3 hours' and t.type = 'party.requested'
       and t.detail->>'number' is not null and t.detail->>'by' is not null and t.at > $1 and t.at < $2::timestamptz`,
    [new Date(since).toISOString(), new Date(started).toISOString()],
  );
}

function foundOf({ kind, operatorIds, operatorChannelId, outsideChannelId, ...rest }: z.output<typeof row>) {
  const channels = { operator: operatorChannelId, outside: outsideChannelId };
  const circle = rest.incidentId === null ? null : { kind, operatorIds };
  return { view: { ...rest, stage: 'ended', channels }, circle };
}

/** A live one as REST shows it. */
export function outgoingViewOf(call: OutgoingCall): OutgoingView {
  const { id, incidentId, operatorId, number, purpose, stage, outcome, reason, callbackId } = call;
  return {
    id,
    incidentId,
    operatorId,
    number,
    purpose,
    stage,
    beganAt: isoTime(call.beganAt),
    answeredAt: isoTimeOrNull(call.answeredAt),
    endedAt: isoTimeOrNull(call.endedAt),
    outcome,
    reason,
    callbackId,
    channels: channelsOf(call),
  };
}

function channelsOf({ operator, outside }: OutgoingCall): OutgoingView['channels'] {
  return {
    operator: operator.state === 'planned' ? null : operator.channelId,
    outside: outside.state === 'planned' ? null : outside.channelId,
  };
}
