import type { NotificationEntry } from '../notifications/notification.ts';
import { keepNotification } from '../notifications/outbox.ts';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime } from '../platform/text.ts';

/** Applies one entry of a notification: its row, and its lines in the incident's timeline. */
export async function writeNotification(sql: Sql, entry: NotificationEntry): Promise<void> {
  const { state, sequence, facts, at } = entry;
  await keepNotification(sql, entry);
  for (const [position, { type, detail }] of facts.entries()) {
    await sql.execute(
      `insert into timeline (outgoing_id, claimed_at, sequence, position, incident_id, at, type, detail)
       values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`,
      [state.id, state.claimedAt, sequence, position, state.incidentId, isoTime(at), type, storableJson(detail)],
    );
  }
}
