import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { incidentNumber as numberOf } from '../incidents/incident-number.ts';
import type { Circle } from '../incidents/need-to-know.ts';
import { talkedOnCall } from '../incidents/talked-sql.ts';
import { readLocation } from '../location/fix-store.ts';
import { storedLocation } from '../location/schema.ts';
import { emptyLocationView, viewOfBest, viewOfLocation, type LocationView } from '../location/view.ts';
import { timeColumn } from '../platform/text.ts';
import { callView, nothingUnderWay, type CallView } from './view.ts';

const row = callView
  .omit({
    incidentNumber: true,
    bestFix: true,
    silence: true,
    mediaStopped: true,
    monitors: true,
    hold: true,
    muted: true,
    parties: true,
  })
  .extend({
    arrivedAt: timeColumn,
    answeredAt: timeColumn.nullable(),
    firstTalkAt: timeColumn.nullable(),
    endedAt: timeColumn.nullable(),
    location: storedLocation.nullable(),
    talked: z.array(z.string()),
    kind: z.string().nullable(),
  });

/** A call, and whom its incident concerns. */
export interface FoundCall {
  readonly view: CallView;
  readonly circle: Circle;
}

const columns = `id, incident_id as "incidentId", stage, outcome, reason, arrived_at as "arrivedAt",
  answered_at as "answeredAt", first_talk_at as "firstTalkAt", ended_at as "endedAt", caller_number as "callerNumber",
  caller_name as "callerName", carrier, dialled, source, sip_call_id as "sipCallId", channel_id as "channelId", node,
  operator_id as "operatorId", recorded_by as "recordedBy", headers, identity, emergency, location,
  ${talkedOnCall('calls')} as talked, (select i.kind from incidents i where i.id = incident_id) as kind`;

/** Who talked on a stored call stands in its row, what it was about with its incident. */
function found({ location, talked, kind, ...rest }: z.output<typeof row>): FoundCall {
  const best = location?.best ?? null;
  const incidentNumber = numberOf(rest.incidentId);
  const view = { ...rest, incidentNumber, ...nothingUnderWay, bestFix: best === null ? null : viewOfBest(best) };
  return { view, circle: { kind, operatorIds: talked } };
}

export async function readCall(sql: Sql, id: string): Promise<FoundCall | undefined> {
  const stored = await sql.first(row, `select ${columns} from calls where id = $1`, [id]);
  return stored && found(stored);
}

/** Every location of a stored call. */
export async function readCallLocation(sql: Sql, id: string): Promise<LocationView> {
  const location = await readLocation(sql, id);
  return location === null ? emptyLocationView : viewOfLocation(location);
}

/** Newest first; `after` is the position of the last one seen. */
export async function listCalls(
  sql: Sql,
  filter: { outcome?: string | undefined; limit: number; after: [string, string] | null },
): Promise<FoundCall[]> {
  const rows = await sql.rows(
    row,
    `select ${columns} from calls
     where ($1::text is null or outcome = $1) and ($2::timestamptz is null or (arrived_at, id) < ($2, $3::uuid))
     order by arrived_at desc, id desc limit $4`,
    [filter.outcome ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
  return rows.map(found);
}
