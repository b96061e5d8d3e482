import { z } from 'zod';
import { storableJson, storableText } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, millisecondsColumn, timeColumn } from '../platform/text.ts';
import type { Incident } from './incident.ts';
import { reportSources, type Report } from './report.ts';

const position = z.object({ latitude: z.number(), longitude: z.number(), radius: z.number().optional() }).nullable();

const row = z.object({
  incidentId: z.string(),
  clientId: z.string(),
  requestHash: z.string(),
  receivedAt: millisecondsColumn,
  source: z.enum(reportSources),
  text: z.string(),
  reporterName: z.string().nullable(),
  reporterNumber: z.string().nullable(),
  wantsCallback: z.boolean(),
  drill: z.boolean(),
  position,
}) satisfies z.ZodType<Report>;
type StoredReport = z.output<typeof row>;

const columns = `incident_id as "incidentId", client_id as "clientId", request_hash as "requestHash",
  received_at as "receivedAt", source, text, reporter_name as "reporterName", reporter_number as "reporterNumber",
  wants_callback as "wantsCallback", drill, position`;

export function readReport(sql: Sql, incidentId: string): Promise<StoredReport | undefined> {
  return sql.first(row, `select ${columns} from reports where incident_id = $1`, [incidentId]);
}

/** The report that this request made when it came before. */
export function reportByKey(sql: Sql, clientId: string, key: string): Promise<StoredReport | undefined> {
  return sql.first(row, `select ${columns} from reports where client_id = $1 and key = $2`, [clientId, key]);
}

/** Keeps a report with its incident; false when a request with this key was faster. */
export async function insertReport(
  sql: Sql,
  incident: Incident,
  report: Report,
  request: { key: string; hash: string },
): Promise<boolean> {
  // One at a time for a key: of two at once the second sees what the first has made.
  await sql.execute('select pg_advisory_xact_lock(hashtextextended($1, 0))', [`${report.clientId} ${request.key}`]);
  if ((await reportByKey(sql, report.clientId, request.key)) !== undefined) return false;
  await sql.execute(
    `insert into incidents (id, opened_at, version, status, kind, severity, district, notes)
     values ($1,$2,$3,$4,$5,$6,$7,'[]')`,
    [
      incident.id,
      isoTime(incident.openedAt),
      incident.version,
      incident.status,
      incident.kind,
      incident.severity,
      storableText(incident.district),
    ],
  );
  await sql.execute(
    `insert into reports (incident_id, client_id, key, request_hash, received_at, source, text, reporter_name,
       reporter_number, wants_callback, drill, position)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)`,
    [
      report.incidentId,
      report.clientId,
      request.key,
      request.hash,
      isoTime(report.receivedAt),
      report.source,
      storableText(report.text),
      storableText(report.reporterName),
      storableText(report.reporterNumber),
      report.wantsCallback,
      report.drill,
      report.position === null ? null : storableJson(report.position),
    ],
  );
  return true;
}

const dispatchState = z.object({
  agencyName: z.string(),
  state: z.string(),
  requestedAt: timeColumn,
  acceptedAt: timeColumn.nullable(),
});

/** How far the agencies are that were engaged for an incident, in the order in which they were. */
export function readDispatchStates(sql: Sql, incidentId: string): Promise<z.output<typeof dispatchState>[]> {
  return sql.rows(
    dispatchState,
    `select agency_name as "agencyName", state, requested_at as "requestedAt", accepted_at as "acceptedAt"
     from dispatches where incident_id = $1 order by requested_at, id limit 100`,
    [incidentId],
  );
}
