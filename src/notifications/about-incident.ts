import { z } from 'zod';
import type { Call } from '../calls/call.ts';
import { incidentNumber } from '../incidents/incident-number.ts';
import type { Sql } from '../platform/postgres.ts';
import type { NotificationMessage } from './message.ts';
import { millisecondsColumn } from '../platform/text.ts';

/** What a live call's incident is told with. */
export function aboutCall(call: Pick<Call, 'incident' | 'identity' | 'location'>): NotificationMessage {
  const { incident, identity, location } = call;
  const { best } = location;
  return {
    kind: incident.kind,
    severity: incident.severity,
    district: incident.district ?? best?.district ?? null,
    incidentNumber: incidentNumber(incident.id),
    openedAt: incident.openedAt,
    position: best?.position ? { latitude: best.position.latitude, longitude: best.position.longitude } : null,
    callerNumber: identity.number,
    drill: false,
    note: null,
  };
}

const place = z.object({ latitude: z.number(), longitude: z.number() }).nullable();
const row = z.object({
  kind: z.string().nullable(),
  severity: z.string().nullable(),
  district: z.string().nullable(),
  openedAt: millisecondsColumn,
  callerNumber: z.string().nullable(),
  reported: place,
  drill: z.boolean(),
  best: z.object({ position: place, district: z.string().nullable() }).nullable(),
});

/** The same of an incident on record, with its first call, or as an app has reported it; undefined when there is none of this id. */
export async function aboutStored(sql: Sql, incidentId: string): Promise<NotificationMessage | undefined> {
  const found = await sql.first(
    row,
    `select i.kind, i.severity, i.district, i.opened_at as "openedAt", coalesce(c.e164, r.reporter_number) as "callerNumber",
       c.location->'best' as best, r.position as reported, coalesce(r.drill, false) as drill
     from incidents i left join reports r on r.incident_id = i.id left join lateral
       (select e164, location from calls where incident_id = i.id order by arrived_at limit 1) as c on true
     where i.id = $1`,
    [incidentId],
  );
  if (found === undefined) return undefined;
  const { best, district, reported, ...rest } = found;
  return {
    ...rest,
    district: district ?? best?.district ?? null,
    position: best?.position ?? reported,
    incidentNumber: incidentNumber(incidentId),
    note: null,
  };
}
