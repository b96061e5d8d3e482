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
  for (const entry of entries) {
    if (entry.kind === 'call' && entry.input.type === 'located' && entry.input.aml !== undefined) {
      await markMatched(sql, entry.input.aml, entry.callId);
    }
    if (entry.kind === 'aml') await keepAml(sql, entry.aml);
    if (entry.kind === 'outgoing') await writeOutgoing(sql, entry);
    if (entry.kind === 'notification') await writeNotification(sql, entry);
    if (entry.kind === 'without-call') await writeWithoutCall(sql, entry);
    if (entry.kind === 'alarm') await writeAlarm(sql, entry);
    if (entry.kind === 'operator') await writeOperatorState(sql, entry);
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

async function writeOperatorState(sql: Sql, entry: OperatorEntry): Promise<void> {
  await sql.execute(
    `insert into operator_states (operator_id, at, state, reason, desk_id, call_id) values ($1,$2,$3,$4,$5,$6)
     on conflict do nothing`,
    [entry.operatorId, isoTime(entry.at), entry.state, entry.reason, entry.deskId ?? null, entry.callId ?? null],
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
