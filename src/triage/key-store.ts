import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import type { NuisanceKey } from './score.ts';

const looksBack = 1_000;

/**
 * With how many identities of the other kind a number or phone was seen in its latest calls, as an SQL expression; `key` is
 * one as well. A key seen with too many names nobody: a switchboard's number, or an IMEI that was copied.
 */
export function identitiesOf(kind: NuisanceKey['kind'], key: string): string {
  const [own, other] = kind === 'number' ? ['e164', 'imei'] : ['imei', 'e164'];
  return `(select count(distinct o.${other}) from (select ${other} from calls where ${own} = ${key}
           order by arrived_at desc limit ${looksBack}) as o)`;
}

const row = z.object({ callId: z.string(), number: z.string().nullable(), imei: z.string().nullable() });

/** The keys of calls that may be scored: no number that cannot be called, no key seen with too many identities. */
export async function scorableKeys(
  sql: Sql,
  by: 'id' | 'incident_id',
  id: string,
  identityLimit: number,
): Promise<(NuisanceKey & { callId: string })[]> {
  const rows = await sql.rows(
    row,
    `select c.id as "callId",
       case when c.e164 is null or coalesce((c.identity->>'callable')::boolean, true) is false then null
            when ${identitiesOf('number', 'c.e164')} > $2 then null else c.e164 end as number,
       case when c.imei is null or ${identitiesOf('imei', 'c.imei')} > $2 then null else c.imei end as imei
     from calls c where c.${by} = $1 order by c.arrived_at`,
    [id, identityLimit],
  );
  return rows.flatMap(({ callId, number, imei }) => [
    ...(number === null ? [] : [{ callId, kind: 'number' as const, key: number }]),
    ...(imei === null ? [] : [{ callId, kind: 'imei' as const, key: imei }]),
  ]);
}
