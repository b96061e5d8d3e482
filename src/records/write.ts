import { z } from 'zod';
import type { CallEntry } from '../calls/runner.ts';
import type { Call } from '../calls/call.ts';
import { linkingNumber } from '../calls/history.ts';
import { e164 } from '../calls/identity.ts';
import type { Incident } from '../incidents/incident.ts';
import { keepAml, markMatched } from '../location/aml/aml-store.ts';
import { addFixes, addFixesOfOwners, storedForm } from '../location/fix-store.ts';
import { storableJson, storableText } from '../platform/postgres-text.ts';
import type { Fix } from '../location/fix.ts';
import type { Sql } from '../platform/postgres.ts';
import type { AlarmEntry, Entry, LoggedCall, OperatorEntry, SessionEntry } from './entry.ts';
import { writeNotification } from './write-notification.ts';
import { writeOutgoing } from './write-outgoing.ts';

/**
 * Applies entries in one transaction's `sql`. Applying one twice, or in another order among those of other calls and
 * owners, ends in the same rows. Answers with the logged calls whose log counts from now on.
 */
export async function writeEntries(sql: Sql, entries: readonly Entry[]): Promise<LoggedCall[]> {
  const counted: LoggedCall[] = [];
  const latest = new Map<string, CallEntry>();
  for (const entry of entries) {
    if (entry.kind === 'call' && isNewer(entry, latest.get(entry.callId))) latest.set(entry.callId, entry);
  }
  for (const entry of latest.values()) await writeCall(sql, entry, fixesOf(entry.callId, entries));
  await writeTimeline(
    sql,
    entries.filter((entry) => entry.kind === 'call'),
  );
  for (const entry of entries) {
    if (entry.kind === 'call') await writeDecision(sql, entry);
    if (entry.kind === 'call' && entry.input.type === 'located' && entry.input.aml !== undefined) {
      await markMatched(sql, entry.input.aml, entry.callId);
    }
    if (entry.kind === 'aml') await keepAml(sql, entry.aml);
    if (entry.kind === 'outgoing') await writeOutgoing(sql, entry);
    if (entry.kind === 'notification') await writeNotification(sql, entry);
    if (entry.kind === 'alarm') await writeAlarm(sql, entry);
    if (entry.kind === 'operator') await writeOperatorState(sql, entry);
    if (entry.kind === 'operator-session') await writeSession(sql, entry);
    if (entry.kind === 'logged-call' && (await writeLoggedCall(sql, entry.call))) counted.push(entry.call);
  }
  return counted;
}

/** Entries of several journals may come in one batch, the older ones last. */
function isNewer(entry: CallEntry, other: CallEntry | undefined): boolean {
  if (other === undefined || entry.claimedAt > other.claimedAt) return true;
  return entry.claimedAt === other.claimedAt && entry.sequence > other.sequence;
}

/** Of all its owners: what one was told the next does not know, and the latest state alone would lose it. */
function fixesOf(callId: string, entries: readonly Entry[]): Fix[] {
  const byOwner = new Map<number, CallEntry>();
  for (const entry of entries) {
    if (entry.kind !== 'call' || entry.callId !== callId) continue;
    if (isNewer(entry, byOwner.get(entry.claimedAt))) byOwner.set(entry.claimedAt, entry);
  }
  return [...byOwner.values()].flatMap(({ state }) => state.location.fixes);
}

const writtenCall = z.object({ logged: z.boolean() });

async function writeCall(sql: Sql, entry: CallEntry, fixes: readonly Fix[]): Promise<void> {
  const { state } = entry;
  await writeIncident(sql, state.incident);
  const written = await sql.first(
    writtenCall,
    `insert into calls (id, incident_id, node, channel_id, sip_call_id, arrived_at, answered_at, first_talk_at, ended_at,
       stage, outcome, reason, carrier, dialled, source, caller_number, caller_name, headers, e164, imei, identity, emergency,
       location, recorded_by, claimed_at, sequence)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$21,$22,$23,$24,$25,'controller',$19,$20)
     on conflict (id) do update set
       arrived_at = least(calls.arrived_at, excluded.arrived_at), sip_call_id = excluded.sip_call_id,
       incident_id = excluded.incident_id,
       answered_at = excluded.answered_at, first_talk_at = excluded.first_talk_at, ended_at = excluded.ended_at,
       stage = excluded.stage, outcome = excluded.outcome, reason = excluded.reason, recorded_by = 'controller',
       carrier = excluded.carrier, dialled = excluded.dialled, source = excluded.source,
       caller_number = excluded.caller_number, caller_name = excluded.caller_name, headers = excluded.headers,
       e164 = excluded.e164, imei = excluded.imei, identity = excluded.identity, emergency = excluded.emergency,
       location = excluded.location,
       claimed_at = excluded.claimed_at, sequence = excluded.sequence, log_counts = false
     where (calls.claimed_at, calls.sequence) < (excluded.claimed_at, excluded.sequence)
     returning logged is not null as logged`,
    [
      state.id,
      state.incident.id,
      state.node,
      state.channelId,
      storableText(state.origin.sipCallId),
      date(state.arrivedAt),
      date(state.answeredAt),
      date(state.firstTalkAt),
      date(state.endedAt),
      state.stage,
      state.outcome,
      state.reason,
      storableText(state.origin.carrier),
      storableText(state.origin.dialled),
      storableText(state.origin.source),
      storableText(state.origin.callerNumber),
      storableText(state.origin.callerName),
      storableJson(state.origin.headers),
      entry.claimedAt,
      entry.sequence,
      linkingNumber(state.identity),
      state.identity.imei,
      storableJson(state.identity),
      storableJson(state.emergency),
      storedForm(state.location),
    ],
  );
  await addFixesOfOwners(sql, state.id, fixes, written === undefined ? undefined : state.location);
  // An older state has older dispatches.
  if (written === undefined) return;
  await writeDispatches(sql, state);
  if (written.logged) await applyLog(sql, state.id);
}

async function writeIncident(sql: Sql, incident: Incident): Promise<void> {
  await sql.execute(
    `insert into incidents (id, opened_at, version, status, kind, severity, district, disposition, notes)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9)
     on conflict (id) do update set version = excluded.version, status = excluded.status, kind = excluded.kind,
       severity = excluded.severity, district = excluded.district, disposition = excluded.disposition, notes = excluded.notes
     where incidents.version < excluded.version`,
    [
      incident.id,
      date(incident.openedAt),
      incident.version,
      incident.status,
      incident.kind,
      incident.severity,
      incident.district,
      incident.disposition,
      storableJson(incident.notes),
    ],
  );
}

async function writeDispatches(sql: Sql, call: Call): Promise<void> {
  for (const dispatch of call.dispatches) {
    await sql.execute(
      `insert into dispatches (id, incident_id, call_id, agency_id, agency_name, mode, state, outcome, reason,
         requested_at, accepted_at, joined_at, ended_at, attempts)
       values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14)
       on conflict (id) do update set state = excluded.state, outcome = excluded.outcome,
         accepted_at = excluded.accepted_at, joined_at = excluded.joined_at, ended_at = excluded.ended_at,
         attempts = excluded.attempts
       where dispatches.ended_at is null`,
      [
        dispatch.id,
        call.incident.id,
        call.id,
        dispatch.agencyId,
        dispatch.agencyName,
        dispatch.mode,
        dispatch.state,
        dispatch.outcome,
        storableJson(dispatch.reason),
        date(dispatch.requestedAt),
        date(dispatch.acceptedAt),
        date(dispatch.joinedAt),
        date(dispatch.endedAt),
        storableJson(dispatch.attempts),
      ],
    );
  }
}

async function writeTimeline(sql: Sql, entries: readonly CallEntry[]): Promise<void> {
  const rows = entries.flatMap((entry) =>
    entry.facts.map((fact, position) => ({
      call_id: entry.callId,
      claimed_at: entry.claimedAt,
      sequence: entry.sequence,
      position,
      incident_id: entry.state.incident.id,
      at: new Date(entry.at).toISOString(),
      type: fact.type,
      detail: fact.detail,
    })),
  );
  if (rows.length === 0) return;
  await sql.execute(
    `insert into timeline (call_id, claimed_at, sequence, position, incident_id, at, type, detail)
     select call_id, claimed_at, sequence, position, incident_id, at, type, detail
     from jsonb_to_recordset($1::jsonb) as row(call_id uuid, claimed_at bigint, sequence integer, position smallint,
       incident_id uuid, at timestamptz, type text, detail jsonb)
     on conflict do nothing`,
    [storableJson(rows)],
  );
  // Whoever talked last, also when older entries come after newer ones.
  const talked = new Set(rows.filter(({ type }) => type === 'operator.talking').map((row) => row.call_id));
  for (const callId of talked) {
    await sql.execute(
      `update calls set operator_id = (select (detail->>'operatorId')::uuid from timeline
         where call_id = $1 and type = 'operator.talking' order by claimed_at desc, sequence desc, position desc limit 1)
       where id = $1`,
      [callId],
    );
  }
}

async function writeDecision(sql: Sql, { input, callId, claimedAt, sequence, state, at }: CallEntry): Promise<void> {
  if (input.type !== 'incident-changed' || input.decision === undefined) return;
  const { ruleSetVersion, actions, trace } = input.decision;
  await sql.execute(
    `insert into routing_decisions (call_id, claimed_at, sequence, incident_id, at, rule_set_version, actions, trace)
     values ($1,$2,$3,$4,$5,$6,$7,$8) on conflict do nothing`,
    [
      callId,
      claimedAt,
      sequence,
      state.incident.id,
      date(at),
      ruleSetVersion,
      storableJson(actions),
      storableJson(trace),
    ],
  );
}

async function writeAlarm(sql: Sql, alarm: AlarmEntry): Promise<void> {
  await sql.execute('insert into alarms (id, code, at, detail) values ($1,$2,$3,$4) on conflict do nothing', [
    alarm.id,
    alarm.code,
    date(alarm.at),
    storableJson(alarm.detail),
  ]);
}

async function writeOperatorState(sql: Sql, entry: OperatorEntry): Promise<void> {
  await sql.execute(
    `insert into operator_states (operator_id, at, state, reason, desk_id, call_id) values ($1,$2,$3,$4,$5,$6)
     on conflict do nothing`,
    [entry.operatorId, date(entry.at), entry.state, entry.reason, entry.deskId ?? null, entry.callId ?? null],
  );
}

async function writeSession(sql: Sql, { id, operatorId, deskId, beganAt, ended }: SessionEntry): Promise<void> {
  await sql.execute(
    `insert into operator_sessions (id, operator_id, desk_id, began_at, ended_at, ended_by) values ($1,$2,$3,$4,$5,$6)
     on conflict (id) do update set ended_at = excluded.ended_at, ended_by = excluded.ended_by
     where operator_sessions.ended_at is null`,
    [id, operatorId, deskId, date(beganAt), date(ended?.at ?? null), ended?.by ?? null],
  );
}

/** What Asterisk's own log says of a call is kept beside what a controller says, and counts where that is not the end. */
async function writeLoggedCall(sql: Sql, call: LoggedCall): Promise<boolean> {
  await sql.execute(
    // A redial that its controller knows belongs to another incident than the log can tell.
    `insert into incidents (id, opened_at, version, status)
     select $1, $2, 1, 'open' where not exists (select 1 from calls where id = $3 and incident_id <> $1)
     on conflict (id) do update set opened_at = least(incidents.opened_at, excluded.opened_at)`,
    [call.incidentId, date(call.arrivedAt), call.id],
  );
  const { answeredAt, firstTalkAt, endedAt, outcome, reason } = call;
  const logged = {
    answeredAt: date(answeredAt),
    firstTalkAt: date(firstTalkAt),
    endedAt: date(endedAt),
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
      date(call.arrivedAt),
      storableText(call.callerNumber),
      storableText(call.callerName),
      storableJson(logged),
      ...originColumns(call),
    ],
  );
  await addFixes(sql, call.id, call.introduction?.location.fixes ?? []);
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
 * Ends, by the log, a call that no controller has ended: none saw it, one gave it back to the dialplan, or one died. A
 * call that its controller ended is left as it is. Answers whether that is news.
 */
async function applyLog(sql: Sql, callId: string): Promise<boolean> {
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
     where id = $1 and (recorded_by = 'cel' or log_counts or outcome = 'returned' or ended_at is null)
     returning before`,
    [callId],
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

function date(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString();
}
