import { z } from 'zod';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, millisecondsColumn, timeColumn } from '../platform/text.ts';
import { incidentNumber } from './incident-number.ts';
import type { Incident } from './incident.ts';
import type { Circle } from './need-to-know.ts';
import { talkedOnCall, talkedOnIncident } from './talked-sql.ts';
import { decisionView, incidentView, timelineView, type IncidentView } from './view.ts';

/** An incident, and whom it concerns. */
export interface FoundIncident {
  readonly view: IncidentView;
  readonly circle: Circle;
}

const incidentRow = incidentView.omit({ number: true }).extend({
  openedAt: timeColumn,
  notes: z.array(z.object({ at: z.number(), by: z.string(), text: z.string() })),
  operatorIds: z.array(z.string()),
});

const incidentColumns = `i.id, i.opened_at as "openedAt", i.version, i.status, i.kind, i.severity, i.district,
  i.disposition, i.notes, array(select c.id::text from calls c where c.incident_id = i.id order by c.id) as "callIds",
  ${talkedOnIncident('i.id')} as "operatorIds"`;

export async function readIncident(sql: Sql, id: string, lock = false): Promise<FoundIncident | undefined> {
  const row = await sql.first(
    incidentRow,
    `select ${incidentColumns} from incidents i where i.id = $1${lock ? ' for update' : ''}`,
    [id],
  );
  return row && found(row);
}

/** Newest first; `after` is the position of the last one seen. */
export async function listIncidents(
  sql: Sql,
  filter: {
    status?: string | undefined;
    kind?: string | undefined;
    number?: string | undefined;
    limit: number;
    after: [string, string] | null;
  },
): Promise<FoundIncident[]> {
  const rows = await sql.rows(
    incidentRow,
    `select ${incidentColumns} from incidents i
     where ($1::text is null or i.status = $1) and ($2::text is null or i.kind = $2)
       and ($3::timestamptz is null or (i.opened_at, i.id) < ($3, $4::uuid))
       and ($6::text is null or incident_number(i.id) = $6)
     order by i.opened_at desc, i.id desc limit $5`,
    [
      filter.status ?? null,
      filter.kind ?? null,
      filter.after?.[0] ?? null,
      filter.after?.[1] ?? null,
      filter.limit,
      filter.number ?? null,
    ],
  );
  return rows.map(found);
}

function found({ operatorIds, ...row }: z.output<typeof incidentRow>): FoundIncident {
  const notes = row.notes.map((note) => ({ ...note, at: isoTime(note.at) }));
  return { view: { ...row, number: incidentNumber(row.id), notes }, circle: { kind: row.kind, operatorIds } };
}

export function viewOf(incident: Incident, callIds: string[]): IncidentView {
  return {
    ...incident,
    number: incidentNumber(incident.id),
    openedAt: isoTime(incident.openedAt),
    notes: incident.notes.map((note) => ({ ...note, at: isoTime(note.at) })),
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
      storableJson(notes),
    ],
  );
}

/** A line of the timeline for what a person did after the calls were over. */
export async function addToTimeline(
  sql: Sql,
  line: { incidentId: string; callId: string | null; at: number; type: string; detail: object; version: number },
): Promise<void> {
  await sql.execute(
    `insert into timeline (call_id, claimed_at, sequence, position, incident_id, at, type, detail)
     values ($1, $2, $3, 0, $4, to_timestamp($5::double precision / 1000), $6, $7) on conflict do nothing`,
    [line.callId, line.at, line.version, line.incidentId, line.at, line.type, storableJson(line.detail)],
  );
}

const timelineRow = timelineView.extend({ at: timeColumn });

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

const decisionRow = decisionView.extend({ at: timeColumn });

/** What the rules decided for an incident, oldest first. */
export function readDecisions(sql: Sql, incidentId: string): Promise<z.output<typeof decisionRow>[]> {
  return sql.rows(
    decisionRow,
    `select at, rule_set_version as "ruleSetVersion", facts, actions, tell, trace from routing_decisions
     where incident_id = $1 order by at, sequence limit 200`,
    [incidentId],
  );
}

const callRow = z.object({
  incidentId: z.string(),
  arrivedAt: millisecondsColumn,
  operatorIds: z.array(z.string()),
  kind: z.string().nullable(),
});

/** When a stored call came, and whom it concerns. */
export async function readCallInCircle(
  sql: Sql,
  callId: string,
): Promise<{ arrivedAt: number; incidentId: string; circle: Circle } | undefined> {
  const row = await sql.first(
    callRow,
    `select c.incident_id as "incidentId", c.arrived_at as "arrivedAt",
       ${talkedOnCall('c')} as "operatorIds", i.kind
     from calls c join incidents i on i.id = c.incident_id where c.id = $1`,
    [callId],
  );
  if (row === undefined) return undefined;
  const { kind, operatorIds, ...call } = row;
  return { ...call, circle: { kind, operatorIds } };
}

const emergencyRow = z.object({ emergency: z.object({ callId: z.string(), incidentId: z.string() }).nullable() });

/** The identifiers under which other centres know a stored call and its incident. */
export async function readEmergency(
  sql: Sql,
  callId: string,
): Promise<{ callId: string; incidentId: string } | undefined> {
  const row = await sql.first(emergencyRow, 'select emergency from calls where id = $1', [callId]);
  return row?.emergency ?? undefined;
}
