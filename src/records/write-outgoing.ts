import type { OutgoingEntry } from '../outgoing/outgoing.ts';
import { storableJson, storableText } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';

/** Applies one entry of a call to the outside: its row, its lines in the incident's timeline, and who did it. */
export async function writeOutgoing(sql: Sql, entry: OutgoingEntry): Promise<void> {
  const { state, sequence } = entry;
  await sql.execute(
    `insert into outgoing_calls (id, incident_id, operator_id, number, purpose, began_at, answered_at, ended_at, outcome,
       reason, callback_id, operator_channel_id, outside_channel_id, sequence)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)
     on conflict (id) do update set operator_id = excluded.operator_id, number = excluded.number,
       answered_at = excluded.answered_at, ended_at = excluded.ended_at, outcome = excluded.outcome,
       reason = excluded.reason, operator_channel_id = excluded.operator_channel_id,
       outside_channel_id = excluded.outside_channel_id, sequence = excluded.sequence
     where outgoing_calls.sequence < excluded.sequence`,
    [
      state.id,
      state.incidentId,
      state.operatorId,
      storableText(state.number),
      state.purpose,
      isoTime(state.beganAt),
      isoTimeOrNull(state.answeredAt),
      isoTimeOrNull(state.endedAt),
      state.outcome,
      storableText(state.reason),
      state.callbackId,
      state.operator.state === 'planned' ? null : state.operator.channelId,
      state.outside.state === 'planned' ? null : state.outside.channelId,
      sequence,
    ],
  );
  await writeLines(sql, entry);
  await writeAudit(sql, entry);
}

async function writeLines(sql: Sql, { state, sequence, at, facts }: OutgoingEntry): Promise<void> {
  if (state.incidentId === null) return;
  for (const [position, { type, detail }] of facts.entries()) {
    await sql.execute(
      `insert into timeline (outgoing_id, claimed_at, sequence, position, incident_id, at, type, detail)
       values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`,
      [state.id, state.beganAt, sequence, position, state.incidentId, isoTime(at), type, storableJson(detail)],
    );
  }
}

/** What a person asked for, whether or not it was allowed. Written once, however often the entry comes. */
async function writeAudit(sql: Sql, { input, state }: OutgoingEntry): Promise<void> {
  const { id, operatorId, purpose, reason } = state;
  if (input.type === 'begin' && purpose === 'dial-out') {
    const by = state.by ?? { tokenId: 'phone', role: 'operator', name: "the operator's phone" };
    const refused = !input.verdict.allowed;
    const detail = { operatorId, by: by.name, ...(refused ? { reason } : {}) };
    await audit(sql, by, refused ? 'outgoing.refused' : 'outgoing.call', id, detail);
  }
  if (input.type === 'end' && input.by !== null) {
    await audit(sql, input.by, 'outgoing.end', id, { operatorId, by: input.by.name });
  }
}

async function audit(
  sql: Sql,
  by: { tokenId: string; role: string },
  action: string,
  id: string,
  detail: object,
): Promise<void> {
  await sql.execute(
    `insert into audit (token_id, role, action, subject, detail) select $1, $2, $3::text, $4::text, $5
     where not exists (select from audit where subject = $4 and action = $3)`,
    [by.tokenId, by.role, action, `outgoing/${id}`, storableJson(detail)],
  );
}
