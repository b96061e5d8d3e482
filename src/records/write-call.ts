import { z } from 'zod';
import { linkingNumber } from '../calls/history.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { CallEntry } from '../calls/runner.ts';
import type { Incident } from '../incidents/incident.ts';
import type { Fix } from '../location/fix.ts';
import { addFixesOfOwners, storedPart } from '../location/fix-store.ts';
import type { Sql } from '../platform/postgres.ts';
import { storableJson } from '../platform/postgres-text.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import type { Decision } from '../routing/rule.ts';
import { applyLog } from './write-logged-call.ts';

/**
 * Calls as their latest entries have them, and of every entry what it told of and what the rules said. A statement for all calls,
 * not one for each: with many calls at once there are as many fewer.
 */
export async function writeCalls(sql: Sql, entries: readonly CallEntry[]): Promise<void> {
  const latest = new Map<string, CallEntry>();
  for (const entry of entries) if (isNewer(entry, latest.get(entry.callId))) latest.set(entry.callId, entry);
  if (latest.size === 0) return;
  const calls = [...latest.values()];
  await writeIncidents(
    sql,
    calls.map(({ state }) => state.incident),
  );
  const written = await writeRows(sql, calls);
  await addFixesOfOwners(
    sql,
    calls.map(({ callId, state }) => ({
      callId,
      fixes: fixesOf(callId, entries),
      written: written.has(callId) ? state.location : undefined,
    })),
  );
  for (const { callId, state } of calls) {
    // An older state has older dispatches.
    if (!written.has(callId)) continue;
    await writeDispatches(sql, state);
    if (written.get(callId) === true) await applyLog(sql, callId);
  }
  await writeTimeline(sql, entries);
  for (const entry of entries) await writeDecision(sql, entry);
}

/** Which of two entries of a call says how it stands. Entries of several journals may come in one batch, the older ones last. */
function isNewer(entry: CallEntry, other: CallEntry | undefined): boolean {
  if (other === undefined || entry.claimedAt > other.claimedAt) return true;
  return entry.claimedAt === other.claimedAt && entry.sequence > other.sequence;
}

/** The fixes of all its owners: what one was told the next does not know, and the latest state alone would lose it. */
function fixesOf(callId: string, entries: readonly CallEntry[]): Fix[] {
  const byOwner = new Map<number, CallEntry>();
  for (const entry of entries) {
    if (entry.callId !== callId) continue;
    if (isNewer(entry, byOwner.get(entry.claimedAt))) byOwner.set(entry.claimedAt, entry);
  }
  return [...byOwner.values()].flatMap(({ state }) => state.location.fixes);
}

const writtenCall = z.object({ id: z.string(), logged: z.boolean() });

/** The rows of calls, of which no later state is there already. Answers with those, and whether the log knows them. */
async function writeRows(sql: Sql, entries: readonly CallEntry[]): Promise<ReadonlyMap<string, boolean>> {
  const written = await sql.rows(
    writtenCall,
    `insert into calls (id, incident_id, node, channel_id, sip_call_id, arrived_at, answered_at, first_talk_at, ended_at,
       stage, outcome, reason, carrier, dialled, source, caller_number, caller_name, headers, e164, imei, identity, emergency,
       location, recorded_by, claimed_at, sequence)
     select id, incident_id, node, channel_id, sip_call_id, arrived_at, answered_at, first_talk_at, ended_at,
       stage, outcome, reason, carrier, dialled, source, caller_number, caller_name, headers, e164, imei, identity, emergency,
       location, 'controller', claimed_at, sequence
     from jsonb_to_recordset($1::jsonb) as row(id uuid, incident_id uuid, node text, channel_id text, sip_call_id text,
       arrived_at timestamptz, answered_at timestamptz, first_talk_at timestamptz, ended_at timestamptz, stage text,
       outcome text, reason text, carrier text, dialled text, source text, caller_number text, caller_name text,
       headers jsonb, e164 text, imei text, identity jsonb, emergency jsonb, location jsonb, claimed_at bigint,
       sequence integer)
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
     returning id::text, logged is not null as logged`,
    [storableJson(inOrderOfId(entries.map(rowOf)))],
  );
  return new Map(written.map(({ id, logged }) => [id, logged]));
}

function rowOf({ state, claimedAt, sequence }: CallEntry) {
  const { origin, identity } = state;
  return {
    id: state.id,
    incident_id: state.incident.id,
    node: state.node,
    channel_id: state.channelId,
    sip_call_id: origin.sipCallId,
    arrived_at: isoTime(state.arrivedAt),
    answered_at: isoTimeOrNull(state.answeredAt),
    first_talk_at: isoTimeOrNull(state.firstTalkAt),
    ended_at: isoTimeOrNull(state.endedAt),
    stage: state.stage,
    outcome: state.outcome,
    reason: state.reason,
    carrier: origin.carrier,
    dialled: origin.dialled,
    source: origin.source,
    caller_number: origin.callerNumber,
    caller_name: origin.callerName,
    headers: origin.headers,
    e164: linkingNumber(identity),
    imei: identity.imei,
    identity,
    emergency: state.emergency,
    location: storedPart(state.location),
    claimed_at: claimedAt,
    sequence,
  };
}

/** Of two that stand in one row the later counts; one version has one content. */
async function writeIncidents(sql: Sql, incidents: readonly Incident[]): Promise<void> {
  const latest = new Map<string, Incident>();
  for (const incident of incidents) {
    if (incident.version > (latest.get(incident.id)?.version ?? -1)) latest.set(incident.id, incident);
  }
  const rows = [...latest.values()].map(({ openedAt, ...rest }) => ({ ...rest, opened_at: isoTime(openedAt) }));
  await sql.execute(
    `insert into incidents (id, opened_at, version, status, kind, severity, district, disposition, notes)
     select id, opened_at, version, status, kind, severity, district, disposition, notes
     from jsonb_to_recordset($1::jsonb) as row(id uuid, opened_at timestamptz, version integer, status text, kind text,
       severity text, district text, disposition text, notes jsonb)
     on conflict (id) do update set version = excluded.version, status = excluded.status, kind = excluded.kind,
       severity = excluded.severity, district = excluded.district, disposition = excluded.disposition, notes = excluded.notes
     where incidents.version < excluded.version`,
    [storableJson(inOrderOfId(rows))],
  );
}

/** In one order in every process: two that write the same rows wait for each other, and not each for the other. */
function inOrderOfId<T extends { readonly id: string }>(rows: readonly T[]): T[] {
  return [...rows].sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** Dispatches as their owner has them; the call is null where none is live. */
export async function writeDispatches(
  sql: Sql,
  call: {
    readonly id: string | null;
    readonly incident: { readonly id: string };
    readonly dispatches: readonly Dispatch[];
  },
): Promise<void> {
  for (const dispatch of call.dispatches) {
    await sql.execute(
      `insert into dispatches (id, incident_id, call_id, agency_id, agency_name, mode, state, outcome, reason,
         requested_at, accepted_at, joined_at, ended_at, attempts, muted)
       values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)
       on conflict (id) do update set state = excluded.state, outcome = excluded.outcome,
         accepted_at = excluded.accepted_at, joined_at = excluded.joined_at, ended_at = excluded.ended_at,
         attempts = excluded.attempts, muted = excluded.muted
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
        isoTime(dispatch.requestedAt),
        isoTimeOrNull(dispatch.acceptedAt),
        isoTimeOrNull(dispatch.joinedAt),
        isoTimeOrNull(dispatch.endedAt),
        storableJson(dispatch.attempts),
        dispatch.muted,
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
      at: isoTime(entry.at),
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
  const talks = ['operator.talking', 'party.joined'];
  const talked = new Set(rows.filter(({ type }) => talks.includes(type)).map((row) => row.call_id));
  if (talked.size === 0) return;
  await sql.execute(
    `update calls set operator_id = (select (detail->>'operatorId')::uuid from timeline
         where call_id = calls.id and type = 'operator.talking' order by claimed_at desc, sequence desc, position desc limit 1),
       talked = array(select distinct (detail->>'operatorId')::uuid from timeline
         where call_id = calls.id and type = any ($2) and detail->>'operatorId' ~ '^[0-9a-f-]{36}$'
         order by 1)
     where id = any ($1)`,
    [[...talked], talks],
  );
}

async function writeDecision(sql: Sql, { input, callId, claimedAt, sequence, state, at }: CallEntry): Promise<void> {
  if (input.type !== 'incident-changed' || input.decision === undefined) return;
  await keepDecision(sql, { callId, claimedAt, sequence, incidentId: state.incident.id, at, decision: input.decision });
}

/** Keeps what the rules decided, once. */
export async function keepDecision(
  sql: Sql,
  place: {
    callId: string | null;
    claimedAt: number;
    sequence: number;
    incidentId: string;
    at: number;
    decision: Decision;
  },
): Promise<void> {
  const { callId, claimedAt, sequence, incidentId, at, decision } = place;
  const { ruleSetVersion, actions, trace } = decision;
  // An older version wrote neither facts nor whom to tell.
  const written: Partial<Decision> = decision;
  await sql.execute(
    `insert into routing_decisions (call_id, claimed_at, sequence, incident_id, at, rule_set_version, facts, actions,
       tell, trace)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10) on conflict do nothing`,
    [
      callId,
      claimedAt,
      sequence,
      incidentId,
      isoTime(at),
      ruleSetVersion,
      written.facts == null ? null : storableJson(written.facts),
      storableJson(actions),
      storableJson(written.tell ?? []),
      storableJson(trace),
    ],
  );
}
