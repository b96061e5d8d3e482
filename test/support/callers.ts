import { z } from 'zod';
import { normalisedImei } from '../../src/calls/imei.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Postgres } from '../../src/platform/postgres.ts';
import type { ControllerRooms } from './controller-rooms.ts';
import { until } from './rest.ts';

/** How long something may take that takes a moment: this machine may have other things to do. */
export const patience = 60_000;

let count = 0;

/** A mobile number from which nobody has called yet. */
export const newNumber = (): string => `+62812${String(10_000_000 + (count += 1))}`;

/** A phone that has not called yet. */
export const newImei = (): string => normalisedImei(`3582400${String(1_000_000 + (count += 1))}`) ?? '';

/** Where the fixes of a call that is here came from, in their order. */
export const sources = (rooms: ControllerRooms, callId: string): string[] =>
  rooms.call(callId).location.fixes.map(({ source }) => source);

/** Waits until a call that is here has so many fixes. */
export const located = (rooms: ControllerRooms, callId: string, fixes = 1): Promise<void> =>
  until('the call is told', () => sources(rooms, callId).length === fixes, patience);

const fixRow = z.object({ source: z.string(), radius: z.number().nullable() });

export const storedFixes = (sql: Postgres, callId: string): Promise<z.output<typeof fixRow>[]> =>
  sql.rows(
    fixRow,
    `select source, (content->'shape'->>'radius')::float as radius from location_fixes where call_id = $1
     order by received_at, id`,
    [callId],
  );

/** The calls that a number's messages fitted first. */
export async function matchedCalls(sql: Postgres, number: string): Promise<(string | null)[]> {
  const rows = await sql.rows(
    z.object({ callId: z.string().nullable() }),
    'select call_id as "callId" from aml_messages where e164 = $1 order by received_at',
    [number],
  );
  return rows.map(({ callId }) => callId);
}

/** Whose calls they are. */
interface Caller {
  number?: string | undefined;
  imei?: string | undefined;
}

/** A call in the record. */
export interface Past {
  id: string;
  incidentId: string;
}

/** A call in the record, so many minutes before now. */
export async function past(
  rooms: ControllerRooms,
  caller: Caller,
  over: { kind?: string; minutes?: number; operatorId?: string; disposition?: string } = {},
): Promise<Past> {
  const { kind = null, minutes = 60, operatorId = null, disposition = null } = over;
  const [id, incidentId] = [newId(rooms.now()), newId(rooms.now())];
  const arrived = new Date(rooms.now() - minutes * 60_000).toISOString();
  await rooms.database.execute(
    `insert into incidents (id, opened_at, version, status, kind, disposition) values ($1, $2, 1, 'closed', $3, $4)`,
    [incidentId, arrived, kind, disposition],
  );
  await rooms.database.execute(
    `insert into calls (id, incident_id, node, channel_id, arrived_at, ended_at, stage, outcome, recorded_by, e164, imei,
       operator_id, claimed_at, sequence)
     values ($1, $2, 'past', $3, $4, $4, 'ended', 'answered', 'controller', $5, $6, $7, 1, 1)`,
    [id, incidentId, `p-${(count += 1)}`, arrived, caller.number ?? null, caller.imei ?? null, operatorId],
  );
  return { id, incidentId };
}

/** A caller arrives, and all that is on record of him is read. */
export async function arrive(rooms: ControllerRooms, caller: Caller): Promise<string> {
  const { id } = rooms.arrive(caller);
  await until('the history is read', () => rooms.call(id).history !== null && rooms.call(id).looked, patience);
  return id;
}
