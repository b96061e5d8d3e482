import { z } from 'zod';
import { goneUnseen } from '../calls/decide-end.ts';
import { e164 } from '../calls/identity.ts';
import { addFixes, storedForm } from '../location/fix-store.ts';
import type { Sql } from '../platform/postgres.ts';
import { storableJson, storableText } from '../platform/postgres-text.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import type { LoggedCall } from './entry.ts';

/** What Asterisk's own log says of a call is kept beside what a controller says, and counts where that is not the end. */
export async function writeLoggedCall(sql: Sql, call: LoggedCall): Promise<boolean> {
  await sql.execute(
    // A redial that its controller knows belongs to another incident than the log can tell.
    `insert into incidents (id, opened_at, version, status)
     select $1, $2, 1, 'open' where not exists (select 1 from calls where id = $3 and incident_id <> $1)
     on conflict (id) do update set opened_at = least(incidents.opened_at, excluded.opened_at)`,
    [call.incidentId, isoTime(call.arrivedAt), call.id],
  );
  const { answeredAt, firstTalkAt, endedAt, outcome, reason } = call;
  const logged = {
    answeredAt: isoTimeOrNull(answeredAt),
    firstTalkAt: isoTimeOrNull(firstTalkAt),
    endedAt: isoTimeOrNull(endedAt),
    outcome,
    reason,
  };
  await sql.execute(
    `insert into calls (id, incident_id, node, channel_id, sip_call_id, arrived_at, stage, caller_number, caller_name,
       carrier, dialled, source, headers, e164, imei, identity, emergency, location, recorded_by, claimed_at, sequence, logged)
     values ($1,$2,$3,$4,$5,$6,'ended',$7,$8,$10,$11,$12,$13,$14,$15,$16,$17,$18,'cel',0,0,$9)
     on conflict (id) do update set arrived_at = least(calls.arrived_at, excluded.arrived_at), logged = excluded.logged`,
    [
      call.id,
      call.incidentId,
      call.node,
      call.channelId,
      call.sipCallId,
      isoTime(call.arrivedAt),
      storableText(call.callerNumber),
      storableText(call.callerName),
      storableJson(logged),
      ...originColumns(call),
    ],
  );
  await addFixes(sql, [{ callId: call.id, fixes: call.introduction?.location.fixes ?? [] }]);
  return applyLog(sql, call.id);
}

/** carrier, dialled, source, headers, e164, imei, identity, emergency, location */
function originColumns({ origin, introduction, callerNumber }: LoggedCall): (string | null)[] {
  const network = [origin?.carrier, origin?.dialled, origin?.source].map((text) => storableText(text ?? null));
  const headers = storableJson(origin?.headers ?? {});
  // Where the log has no headers, Asterisk's word for the number is what there is.
  const number = introduction?.identity.number ?? (callerNumber === null ? null : e164(callerNumber));
  if (!introduction) return [...network, headers, number, null, null, null, null];
  const { identity, emergency, location } = introduction;
  const said = [storableJson(identity), storableJson(emergency)];
  return [...network, headers, number, identity.imei, ...said, storedForm(location)];
}

/**
 * Ends, by the log, a call that no controller has ended: none saw it, one gave it back to the dialplan, or one died, also where
 * its successor came too late to see that he talked. A call that its controller ended is left as it is. Answers whether that is
 * news.
 */
export async function applyLog(sql: Sql, callId: string): Promise<boolean> {
  const applied = await sql.first(
    z.object({ before: z.boolean() }),
    `update calls set log_counts = true, stage = 'ended', ended_at = (logged->>'endedAt')::timestamptz,
       outcome = case when log_counts then outcome when forsaken then 'answered' else logged->>'outcome' end,
       reason = case when log_counts then reason when forsaken then 'its controller had gone before it ended'
                     else logged->>'reason' end,
       answered_at = coalesce(answered_at, (logged->>'answeredAt')::timestamptz),
       first_talk_at = coalesce(first_talk_at, (logged->>'firstTalkAt')::timestamptz)
     from (select recorded_by = 'controller' and outcome is null and first_talk_at is not null as forsaken,
             log_counts as before
           from calls where id = $1) as state
     where id = $1 and (recorded_by = 'cel' or log_counts or outcome = 'returned' or ended_at is null
       or (reason = $2 and logged->>'outcome' = 'human-path'))
     returning before`,
    [callId, goneUnseen],
  );
  await sql.execute('delete from timeline where call_id = $1 and claimed_at = 0', [callId]);
  if (applied === undefined) return false;
  await sql.execute(
    `insert into timeline (call_id, claimed_at, sequence, position, incident_id, at, type, detail)
     select id, 0, 0, 0, incident_id, ended_at, 'call.logged', jsonb_build_object('outcome', outcome, 'reason', reason)
     from calls where id = $1`,
    [callId],
  );
  return !applied.before;
}
