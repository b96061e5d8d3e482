import { z } from 'zod';
import { contextOf } from '../calls/apply-dispatch.ts';
import type { Call } from '../calls/call.ts';
import { callInfoOf } from '../calls/emergency-id.ts';
import { readLocation } from '../location/fix-store.ts';
import type { PrintedAsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';
import { sentLocation } from '../location/sent-location.ts';
import type { Sql } from '../platform/postgres.ts';
import { locationOf } from './report-location.ts';
import { readReport } from './report-store.ts';
import { readEmergency } from './store.ts';

/** What an agency is told of an incident by announcement and INVITE. */
export interface IncidentForDispatch {
  readonly kind: string | null;
  readonly district: string | null;
  readonly callerNumber: string | null;
  readonly callInfo: string;
  readonly location: PrintedAsteriskLocation | null;
  readonly drill: boolean;
}

/** What an agency is told of a call that is over, and still here. */
export function forDispatchOf(call: Call): IncidentForDispatch {
  const { incident, location: known } = call;
  const { callerNumber, callInfo, location } = contextOf(call);
  const district = incident.district ?? known.best?.district ?? null;
  return { kind: incident.kind, district, callerNumber, callInfo, location, drill: false };
}

const row = z.object({
  kind: z.string().nullable(),
  district: z.string().nullable(),
  callId: z.string().nullable(),
  number: z.string().nullable(),
});

/** The same of an incident on record, as its last call says, else as it was reported; undefined when there is none of this id. */
export async function readForDispatch(sql: Sql, incidentId: string): Promise<IncidentForDispatch | undefined> {
  const found = await sql.first(
    row,
    `select i.kind, coalesce(i.district, c.location->'best'->>'district') as district, c.id as "callId",
       coalesce(c.e164, c.caller_number) as number
     from incidents i left join lateral
       (select * from calls where incident_id = i.id order by arrived_at desc, id desc limit 1) as c on true
     where i.id = $1`,
    [incidentId],
  );
  if (found === undefined) return undefined;
  const { kind, district, callId, number } = found;
  const report = await readReport(sql, incidentId);
  const emergency = callId === null ? undefined : await readEmergency(sql, callId);
  const known = callId === null ? null : await readLocation(sql, callId);
  return {
    kind,
    district,
    callerNumber: number ?? report?.reporterNumber ?? null,
    callInfo: emergency === undefined ? '' : callInfoOf(emergency),
    location: (known && sentLocation(known)) ?? locationOf(report?.position ?? null),
    drill: report?.drill ?? false,
  };
}
