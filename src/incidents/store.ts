import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Incident } from './incident.ts';
import { iso, type IncidentView } from './view.ts';

const time = z.date().transform((at) => at.toISOString());
const epoch = z.date().transform((at) => at.getTime());

const incidentRow = z.object({
  id: z.string(),
  openedAt: epoch,
  version: z.number(),
  status: z.enum(['open', 'closed']),
  kind: z.string().nullable(),
  severity: z.string().nullable(),
  district: z.string().nullable(),
  disposition: z.string().nullable(),
  notes: z.array(z.object({ at: z.number(), by: z.string(), text: z.string() })),
  callIds: z.array(z.string()),
});

const incidentColumns = `i.id, i.opened_at as "openedAt", i.version, i.status, i.kind, i.severity, i.district,
  i.disposition, i.notes, array(select c.id::text from calls c where c.incident_id = i.id order by c.id) as "callIds"`;

export async function readIncident(sql: Sql, id: string, lock = false): Promise<IncidentView | undefined> {
  const row = await sql.first(
    incidentRow,
    `select ${incidentColumns} from incidents i where i.id = $1${lock ? ' for update' : ''}`,
    [id],
  );
  return row && asView(row);
}

/** Newest first; `after` is the position of the last one seen. */
export async function listIncidents(
  sql: Sql,
  filter: { status?: string | undefined; kind?: string | undefined; limit: number; after: [string, string] | null },
): Promise<IncidentView[]> {
  const rows = await sql.rows(
    incidentRow,
    `select ${incidentColumns} from incidents i
     where ($1::text is null or i.status = $1) and ($2::text is null or i.kind = $2)
       and ($3::timestamptz is null or (i.opened_at, i.id) < ($3, $4::uuid))
     order by i.opened_at desc, i.id desc limit $5`,
    [filter.status ?? null, filter.kind ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
  return rows.map(asView);
}

function asView(row: z.output<typeof incidentRow>): IncidentView {
  return {
    ...row,
    openedAt: new Date(row.openedAt).toISOString(),
    notes: row.notes.map((note) => ({ ...note, at: new Date(note.at).toISOString() })),
  };
}

export function viewOf(incident: Incident, callIds: string[]): IncidentView {
  return {
    ...incident,
    openedAt: new Date(incident.openedAt).toISOString(),
    notes: incident.notes.map((note) => ({ ...note, at: new Date(note.at).toISOString() })),
    callIds,
  };
}

/** Stores a change of an incident whose calls are over; the row is locked by the caller's transaction. */
export async function saveIncident(sql: Sql, incident: IncidentView): Promise<void> {
  const notes = incident.notes.map((note) => ({ ...note, at: Date.parse(note.at) }));
  await sql.execute(
    `update incidents set version = $2, status = $3, kind = $4, severity = $5, district = $6, disposition = $7, notes = $8
     where id = $1`,
    [
      incident.id,
      incident.version,
      incident.status,
      incident.kind,
      incident.severity,
      incident.district,
      incident.disposition,
      JSON.stringify(notes),
    ],
  );
}

/** A line of the timeline for what a person did after the calls were over. */
export async function addToTimeline(
  sql: Sql,
  line: { incidentId: string; callId: string; at: number; type: string; detail: object; version: number },
): Promise<void> {
  await sql.execute(
    `insert into timeline (call_id, claimed_at, sequence, position, incident_id, at, type, detail)
     values ($1, $2, $3, 0, $4, to_timestamp($5::double precision / 1000), $6, $7) on conflict do nothing`,
    [line.callId, line.at, line.version, line.incidentId, line.at, line.type, JSON.stringify(line.detail)],
  );
}

const timelineRow = z.object({
  at: time,
  type: z.string(),
  callId: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

export function readTimeline(
  sql: Sql,
  by: 'incident_id' | 'call_id',
  id: string,
): Promise<z.output<typeof timelineRow>[]> {
  return sql.rows(
    timelineRow,
    `select at, type, call_id as "callId", detail from timeline where ${by} = $1
     order by claimed_at = 0, at, claimed_at, sequence, position limit 2000`,
    [id],
  );
}

const attemptRow = z.object({
  number: z.number(),
  trunkId: z.string(),
  requestedAt: z.number(),
  ringingAt: z.number().nullable(),
  answeredAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  outcome: z.string().nullable(),
});

const dispatchRow = z.object({
  id: z.string(),
  incidentId: z.string(),
  callId: z.string().nullable(),
  agencyId: z.string(),
  agencyName: z.string(),
  mode: z.string(),
  state: z.string(),
  outcome: z.string().nullable(),
  reason: z.record(z.string(), z.unknown()),
  requestedAt: time,
  acceptedAt: time.nullable(),
  joinedAt: time.nullable(),
  endedAt: time.nullable(),
  attempts: z.array(attemptRow),
});

const dispatchColumns = `id, incident_id as "incidentId", call_id as "callId", agency_id as "agencyId",
  agency_name as "agencyName", mode, state, outcome, reason, requested_at as "requestedAt",
  accepted_at as "acceptedAt", joined_at as "joinedAt", ended_at as "endedAt", attempts`;

export async function readDispatch(sql: Sql, id: string) {
  const row = await sql.first(dispatchRow, `select ${dispatchColumns} from dispatches where id = $1`, [id]);
  return row && { ...row, attempts: row.attempts.map(attemptView) };
}

export async function listDispatches(
  sql: Sql,
  filter: { incidentId?: string | undefined; limit: number; after: [string, string] | null },
) {
  const rows = await sql.rows(
    dispatchRow,
    `select ${dispatchColumns} from dispatches
     where ($1::uuid is null or incident_id = $1) and ($2::timestamptz is null or (requested_at, id) < ($2, $3::uuid))
     order by requested_at desc, id desc limit $4`,
    [filter.incidentId ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
  return rows.map((row) => ({ ...row, attempts: row.attempts.map(attemptView) }));
}

function attemptView(attempt: z.output<typeof attemptRow>) {
  return {
    ...attempt,
    requestedAt: new Date(attempt.requestedAt).toISOString(),
    ringingAt: iso(attempt.ringingAt),
    answeredAt: iso(attempt.answeredAt),
    endedAt: iso(attempt.endedAt),
  };
}

/** A live dispatch as REST shows it. */
export function dispatchViewOf(dispatch: Dispatch, incidentId: string, callId: string) {
  return {
    id: dispatch.id,
    agencyId: dispatch.agencyId,
    agencyName: dispatch.agencyName,
    mode: dispatch.mode,
    state: dispatch.state,
    outcome: dispatch.outcome,
    incidentId,
    callId,
    reason: { ...dispatch.reason },
    requestedAt: new Date(dispatch.requestedAt).toISOString(),
    acceptedAt: iso(dispatch.acceptedAt),
    joinedAt: iso(dispatch.joinedAt),
    endedAt: iso(dispatch.endedAt),
    attempts: dispatch.attempts.map((attempt) => attemptView(attempt)),
  };
}
