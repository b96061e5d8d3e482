import { z } from 'zod';
import { dispositions, severities, type Incident } from '../incidents/incident.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime } from '../platform/text.ts';
import { identitiesOf } from './key-store.ts';
import type { AbandonedCall } from './redial.ts';

const incident = z.object({
  id: z.string(),
  openedAt: z.number(),
  version: z.number(),
  status: z.enum(['open', 'closed']),
  kind: z.string().nullable(),
  severity: z.enum(severities).nullable(),
  district: z.string().nullable(),
  disposition: z.enum(dispositions).nullable(),
  notes: z.array(z.object({ at: z.number(), by: z.string(), text: z.string() })),
}) satisfies z.ZodType<Incident>;

/** An abandoned call as it is stored, and kept on this machine's disk. */
export const abandonedSchema = z.object({
  callId: z.string(),
  keys: z.array(z.object({ kind: z.enum(['number', 'imei']), key: z.string() })),
  endedAt: z.number(),
  incident,
  callIds: z.array(z.string()),
  emergencyIncidentId: z.string().nullable(),
  redialledBy: z.string().nullable(),
}) satisfies z.ZodType<AbandonedCall>;

const row = incident.omit({ openedAt: true }).extend({
  openedAt: z.date(),
  callId: z.string(),
  number: z.string().nullable(),
  imei: z.string().nullable(),
  endedAt: z.date(),
  callIds: z.array(z.string()),
  emergencyIncidentId: z.string().nullable(),
  redialledBy: z.string().nullable(),
});

/**
 * Abandoned calls whose redial may still come, the latest 5,000: also those of closed incidents, for whoever has an open one in
 * memory. A key seen with too many identities links none.
 */
export async function readAbandoned(
  sql: Sql,
  { since, identityLimit }: { since: number; identityLimit: number },
): Promise<AbandonedCall[]> {
  const rows = await sql.rows(
    row,
    `select b.call_id as "callId", b.abandoned_at as "endedAt", b.redialled_by as "redialledBy",
       c.emergency->>'incidentId' as "emergencyIncidentId",
       array(select o.id::text from calls o where o.incident_id = i.id order by o.arrived_at) as "callIds",
       case when ${identitiesOf('number', 'b.number')} > $2 then null else b.number end as number,
       case when ${identitiesOf('imei', 'b.imei')} > $2 then null else b.imei end as imei,
       i.id, i.opened_at as "openedAt", i.version, i.status, i.kind, i.severity, i.district, i.disposition, i.notes
     from callbacks b join calls c on c.id = b.call_id join incidents i on i.id = c.incident_id
     where b.abandoned_at > $1
     order by b.abandoned_at desc, b.id limit 5000`,
    [isoTime(since), identityLimit],
  );
  return rows.map(
    ({ callId, endedAt, number, imei, callIds, emergencyIncidentId, redialledBy, openedAt, ...rest }) => ({
      callId,
      endedAt: endedAt.getTime(),
      keys: [
        ...(number === null ? [] : [{ kind: 'number' as const, key: number }]),
        ...(imei === null ? [] : [{ kind: 'imei' as const, key: imei }]),
      ],
      incident: { ...rest, openedAt: openedAt.getTime() },
      callIds,
      emergencyIncidentId,
      redialledBy,
    }),
  );
}
