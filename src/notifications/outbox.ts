import { z } from 'zod';
import { leasesOf } from '../platform/leases.ts';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import type { DispatchTold, Notification } from './notification.ts';
import { notificationSchema } from './store.ts';

/** Seconds that an owner has who says nothing; he says something every five. */
const leaseSeconds = 20;

export const notificationLeases = leasesOf<Notification>({
  table: 'notifications',
  since: 'requested_at',
  seconds: leaseSeconds,
  schema: notificationSchema,
  owned: (notification, _owner, claimedAt) => ({ ...notification, claimedAt }),
});

const insert = `insert into notifications (id, incident_id, recipient_id, requested_at, ended_at, state, dispatch_id, content,
   owner, claimed_at, sequence, lease_until)
 values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11, now() + make_interval(secs => ${leaseSeconds}))`;

function valuesOf(state: Notification, owner: string, sequence: number): unknown[] {
  return [
    state.id,
    state.incidentId,
    state.recipientId,
    isoTime(state.requestedAt),
    isoTimeOrNull(state.endedAt),
    state.state,
    state.dispatchId,
    storableJson(state),
    owner,
    state.claimedAt,
    sequence,
  ];
}

/** Keeps how it stands, by whoever owns it; where a later state is there already, that stays. */
export async function keepNotification(
  sql: Sql,
  { state, owner, sequence }: { state: Notification; owner: string; sequence: number },
): Promise<void> {
  await sql.execute(
    `${insert}
     on conflict (id) do update set ended_at = excluded.ended_at, state = excluded.state, content = excluded.content,
       owner = excluded.owner, claimed_at = excluded.claimed_at, sequence = excluded.sequence,
       lease_until = excluded.lease_until
     where (notifications.claimed_at, notifications.sequence) < (excluded.claimed_at, excluded.sequence)
       and notifications.ended_at is null`,
    valuesOf(state, owner, sequence),
  );
}

/** Puts one on record before it begins; false: somebody else has asked for it. */
export async function placeNotification(sql: Sql, state: Notification, owner: string): Promise<boolean> {
  return (await sql.execute(`${insert} on conflict do nothing`, valuesOf(state, owner, 0))) > 0;
}

const told = z.object({
  dispatchId: z.string(),
  outcome: z.enum(['delivered', 'acknowledged', 'failed']),
  reason: z.string().nullable(),
}) satisfies z.ZodType<DispatchTold>;

/** Nobody is told instead of him. */
const final = `n.ended_at is not null and (n.state <> 'failed' or n.content->'otherwise' = '[]'::jsonb)`;

/** What came of the messages of these dispatches, as far as that is on record. */
export function cameOf(sql: Sql, dispatchIds: readonly string[]): Promise<DispatchTold[]> {
  return sql.rows(
    told,
    `select distinct on (n.dispatch_id) n.dispatch_id::text as "dispatchId", n.state as outcome,
       n.content->>'failure' as reason
     from notifications n where n.dispatch_id = any($1::uuid[]) and ${final}
     order by n.dispatch_id, n.state = 'failed', n.ended_at`,
    [dispatchIds],
  );
}

const untold = z.object({
  dispatchId: z.string(),
  agencyId: z.string(),
  incidentId: z.string(),
  asked: z.array(z.string()),
});
/** An agency that was to be told, and whom of it somebody has tried to tell. */
type Untold = z.output<typeof untold>;

/** Milliseconds: of what is older somebody has said by now that nobody was told. */
const lookedFor = 7_200_000;
const atOnce = 50;

/**
 * Dispatches whose agency was to be told by a message before `by` (epoch milliseconds) and which have not ended, although no
 * message is under way: whoever wanted it, or was told what came of it, has died.
 */
export function untoldDispatches(sql: Sql, by: number): Promise<Untold[]> {
  return sql.rows(
    untold,
    `select d.id::text as "dispatchId", d.agency_id as "agencyId", d.incident_id::text as "incidentId",
       array(select n.recipient_id from notifications n where n.dispatch_id = d.id) as asked
     from dispatches d
     where d.mode = 'notify' and d.ended_at is null and d.requested_at > $2
       and exists (select from timeline t where t.incident_id = d.incident_id and t.at < $1
                   and t.type = 'dispatch.requested' and t.detail->>'dispatchId' = d.id::text)
       and not exists (select from notifications n where n.dispatch_id = d.id and (n.ended_at is null or n.ended_at > $1))
     order by d.requested_at limit ${atOnce}`,
    [isoTime(by), isoTime(by - lookedFor)],
  );
}
