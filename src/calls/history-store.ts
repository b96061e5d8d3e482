import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { talkedOnCall } from '../incidents/talked-sql.ts';
import type { CallerHistory, CallerKey } from './history.ts';
import { millisecondsColumn } from '../platform/text.ts';

const counts = z.object({ imeis: z.number(), numbers: z.number() });
const row = z.object({
  callId: z.string(),
  incidentId: z.string(),
  arrivedAt: millisecondsColumn,
  outcome: z.string().nullable(),
  kind: z.string().nullable(),
  disposition: z.string().nullable(),
  linkedBy: z.enum(['number', 'imei']),
  operatorIds: z.array(z.string()),
});

/** Whose history is read. */
export interface CallerKeys {
  readonly callId: string;
  /** Epoch milliseconds; later calls are no history. */
  readonly before: number;
  readonly number: string | null;
  readonly imei: string | null;
  /** A key seen with more identities than this names nobody. */
  readonly identityLimit: number;
}

const looksBack = 1_000;
const shown = 20;

/**
 * The earlier calls of a number or phone, newest first, 20 at most. A number whose last 1,000 calls came from more phones
 * than the limit, or a phone that called under more numbers, this call's counted, is non-unique and links nothing.
 */
export async function readHistory(sql: Sql, keys: CallerKeys): Promise<CallerHistory> {
  if (keys.number === null && keys.imei === null) return { calls: [], nonUnique: [] };
  const seen = await sql.first(
    counts,
    `select
       (select count(distinct imei)::int from (select $2::text as imei union all (select imei from calls where e164 = $1
          order by arrived_at desc limit ${looksBack})) as by_number) as imeis,
       (select count(distinct e164)::int from (select $1::text as e164 union all (select e164 from calls where imei = $2
          order by arrived_at desc limit ${looksBack})) as by_phone) as numbers`,
    [keys.number, keys.imei],
  );
  const nonUnique: CallerKey[] = [];
  if ((seen?.imeis ?? 0) > keys.identityLimit) nonUnique.push('number');
  if ((seen?.numbers ?? 0) > keys.identityLimit) nonUnique.push('imei');
  const rows = await sql.rows(
    row,
    `select c.id as "callId", c.incident_id as "incidentId", c.arrived_at as "arrivedAt", c.outcome, i.kind,
       i.disposition, c.linked_by as "linkedBy", ${talkedOnCall('c')} as "operatorIds"
     from (
       (select *, 'number' as linked_by from calls where e164 = $1::text and id <> $3 and arrived_at <= $4
        order by arrived_at desc limit ${shown})
       union all
       (select *, 'imei' as linked_by from calls where imei = $2::text and id <> $3 and arrived_at <= $4
          and ($1::text is null or e164 is distinct from $1) order by arrived_at desc limit ${shown})
     ) as c join incidents i on i.id = c.incident_id
     order by c.arrived_at desc, c.id desc limit ${shown}`,
    [
      nonUnique.includes('number') ? null : keys.number,
      nonUnique.includes('imei') ? null : keys.imei,
      keys.callId,
      new Date(keys.before).toISOString(),
    ],
  );
  return { calls: rows, nonUnique };
}
