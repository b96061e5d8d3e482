import { z } from 'zod';
import type { Centre } from '../centre.ts';
import { until } from '../rest.ts';

export interface RecordsCount {
  /** Calls without a record, or whose record has no end, by their SIP Call-ID, and how far it goes. */
  missing: string[];
  /** Calls with several records or incidents, and incidents of no call. */
  doubled: string[];
}

const row = z.object({
  sipCallId: z.string(),
  records: z.number(),
  incidents: z.number(),
  open: z.string().nullable(),
});

/** Counts what PostgreSQL has of calls that are over, once it has all of it or the time (milliseconds) is up. */
export async function countRecords(
  centre: Centre,
  callIds: readonly string[],
  limit: number,
): Promise<RecordsCount & { inTime: boolean }> {
  let count: RecordsCount = { missing: [...callIds], doubled: [] };
  const inTime = await until(
    'every call is on record',
    async () => {
      count = await look(centre, callIds).catch(() => count);
      return count.missing.length === 0;
    },
    limit,
  ).then(
    () => true,
    () => false,
  );
  return { ...count, inTime };
}

async function look(centre: Centre, callIds: readonly string[]): Promise<RecordsCount> {
  const rows = await centre.api.sql(
    row,
    `select sip_call_id as "sipCallId", count(*)::int as records, count(distinct incident_id)::int as incidents,
       min(case when ended_at is null or coalesce(outcome, 'returned') = 'returned'
         then concat_ws(' ', recorded_by, stage, outcome, reason) end) as open
     from calls where sip_call_id = any ($1) group by sip_call_id`,
    [callIds],
  );
  const ofNoCall = await centre.api.sql(
    z.object({ id: z.string() }),
    'select id from incidents where not exists (select 1 from calls where incident_id = incidents.id)',
  );
  const found = new Map(rows.map((one) => [one.sipCallId, one]));
  return {
    missing: callIds.flatMap((callId) => {
      const record = found.get(callId);
      if (record === undefined) return [`${callId}: no record`];
      return record.open === null ? [] : [`${callId}: no end (${record.open})`];
    }),
    doubled: [
      ...rows.filter(({ records, incidents }) => records > 1 || incidents > 1).map(({ sipCallId }) => sipCallId),
      ...ofNoCall.map(({ id }) => `incident ${id}`),
    ],
  };
}
