import { z } from 'zod';
import { keepAml, markMatched } from '../location/aml/aml-store.ts';
import type { Sql } from '../platform/postgres.ts';
import { storableJson } from '../platform/postgres-text.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import type { AlarmEntry, Entry, LoggedCall, OperatorEntry, SessionEntry } from './entry.ts';
import { writeCalls } from './write-call.ts';
import { writeLoggedCall } from './write-logged-call.ts';
import { writeNotification } from './write-notification.ts';
import { writeOutgoing } from './write-outgoing.ts';
import { writeWithoutCall } from './write-without-call.ts';

const writtenCall = z.object({ id: z.string(), claimed_at: z.string().transform(Number), sequence: z.number() });

/**
 * What of the entries is not in PostgreSQL yet. Each owner's entries of a call are written in their order, with all that they
 * mean: where one is, those before it are.
 */
export async function notWritten(sql: Sql, entries: readonly Entry[]): Promise<Entry[]> {
  const callIds = new Set(entries.flatMap((entry) => (entry.kind === 'call' ? [entry.callId] : [])));
  if (callIds.size === 0) return [...entries];
  const rows = await sql.rows(
    writtenCall,
    `select id, claimed_at::text, sequence from calls where id = any ($1) and recorded_by = 'controller'`,
    [[...callIds]],
  );
  const written = new Map(rows.map((row) => [row.id, row]));
  return entries.filter((entry) => {
    if (entry.kind !== 'call') return true;
    const last = written.get(entry.callId);
    return last?.claimed_at !== entry.claimedAt || entry.sequence > last.sequence;
  });
}

/**
 * Applies entries in one transaction's `sql`. Applying one twice, or in another order among those of other calls and
 * owners, ends in the same rows. Answers with the logged calls whose log counts from now on.
 */
export async function writeEntries(sql: Sql, entries: readonly Entry[]): Promise<LoggedCall[]> {
  const counted: LoggedCall[] = [];
  await writeCalls(
    sql,
    entries.filter((entry) => entry.kind === 'call'),
  );
  await writeOperatorStates(
    sql,
    entries.filter((entry) => entry.kind === 'operator'),
  );
  for (const entry of entries) {
    if (entry.kind === 'call' && entry.input.type === 'located' && entry.input.aml !== undefined) {
      await markMatched(sql, entry.input.aml, entry.callId);
    }
    if (entry.kind === 'aml') await keepAml(sql, entry.aml);
    if (entry.kind === 'outgoing') await writeOutgoing(sql, entry);
    if (entry.kind === 'notification') await writeNotification(sql, entry);
    if (entry.kind === 'without-call') await writeWithoutCall(sql, entry);
    if (entry.kind === 'alarm') await writeAlarm(sql, entry);
    if (entry.kind === 'operator-session') await writeSession(sql, entry);
    if (entry.kind === 'logged-call' && (await writeLoggedCall(sql, entry.call))) counted.push(entry.call);
  }
  return counted;
}

async function writeAlarm(sql: Sql, alarm: AlarmEntry): Promise<void> {
  await sql.execute('insert into alarms (id, code, at, detail) values ($1,$2,$3,$4) on conflict do nothing', [
    alarm.id,
    alarm.code,
    isoTime(alarm.at),
    storableJson(alarm.detail),
  ]);
}

async function writeOperatorStates(sql: Sql, entries: readonly OperatorEntry[]): Promise<void> {
  if (entries.length === 0) return;
  const rows = entries.map(({ operatorId, at, state, reason, deskId = null, callId = null }) => ({
    operator_id: operatorId,
    at: isoTime(at),
    state,
    reason,
    desk_id: deskId,
    call_id: callId,
  }));
  await sql.execute(
    `insert into operator_states (operator_id, at, state, reason, desk_id, call_id)
     select operator_id, at, state, reason, desk_id, call_id
     from jsonb_to_recordset($1::jsonb) as row(operator_id uuid, at timestamptz, state text, reason text, desk_id uuid, call_id uuid)
     on conflict do nothing`,
    [storableJson(rows)],
  );
}

async function writeSession(sql: Sql, { id, operatorId, deskId, beganAt, ended }: SessionEntry): Promise<void> {
  await sql.execute(
    `insert into operator_sessions (id, operator_id, desk_id, began_at, ended_at, ended_by) values ($1,$2,$3,$4,$5,$6)
     on conflict (id) do update set ended_at = excluded.ended_at, ended_by = excluded.ended_by
     where operator_sessions.ended_at is null`,
    [id, operatorId, deskId, isoTime(beganAt), isoTimeOrNull(ended?.at ?? null), ended?.by ?? null],
  );
}
