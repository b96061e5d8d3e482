import type { NotificationEntry } from '../notifications/notification.ts';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';

/** Applies one entry of a notification: its row, and its lines in the incident's timeline. */
export async function writeNotification(sql: Sql, entry: NotificationEntry): Promise<void> {
  const { state, owner, sequence, facts, at } = entry;
  await sql.execute(
    `insert into notifications (id, incident_id, recipient_id, requested_at, ended_at, state, dispatch_id, content, owner,
       claimed_at, sequence, lease_until)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11, now() + interval '20 seconds')
     on conflict (id) do update set ended_at = excluded.ended_at, state = excluded.state, content = excluded.content,
       owner = excluded.owner, claimed_at = excluded.claimed_at, sequence = excluded.sequence,
       lease_until = excluded.lease_until
     where (notifications.claimed_at, notifications.sequence) < (excluded.claimed_at, excluded.sequence)
       and notifications.ended_at is null`,
    [
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
    ],
  );
  for (const [position, { type, detail }] of facts.entries()) {
    await sql.execute(
      `insert into timeline (outgoing_id, claimed_at, sequence, position, incident_id, at, type, detail)
       values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`,
      [state.id, state.claimedAt, sequence, position, state.incidentId, isoTime(at), type, storableJson(detail)],
    );
  }
}
