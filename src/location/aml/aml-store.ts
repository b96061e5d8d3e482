import { z } from 'zod';
import { storableJson } from '../../platform/postgres-text.ts';
import type { Sql } from '../../platform/postgres.ts';
import { timeColumn } from '../../platform/text.ts';
import type { Caller, ReceivedAml } from './aml-received.ts';
import { sightingSchema } from '../schema.ts';

/** NOTIFY on it, with a digest, tells every process of a message. */
export const amlChannel = 'siaga_aml';

const network = z.object({ mcc: z.string(), mnc: z.string() }).nullable();
const text = z.string().nullable();

export const amlMessageSchema = z.object({
  version: text,
  sender: text,
  imei: text,
  imsi: text,
  sighting: sightingSchema.nullable(),
  altitude: z.object({ metres: z.number(), accuracy: z.number().nullable() }).nullable(),
  floor: text,
  network,
  homeNetwork: network,
  cellId: text,
  language: text,
  deviceModel: text,
  emergencyNumber: text,
  sentAt: z.number().nullable(),
  crashAt: z.number().nullable(),
  unusable: z.array(z.string()),
});

const row = z.object({
  digest: z.string(),
  receivedAt: z.date().transform((at) => at.getTime()),
  channel: z.enum(['sms', 'https']),
  e164: text,
  imei: text,
  message: amlMessageSchema,
});
const columns = 'digest, received_at as "receivedAt", channel, e164, imei, content as message';

/** Keeps a message and tells every process of it; one that is there already stays as it is. */
export async function keepAml(sql: Sql, aml: ReceivedAml): Promise<void> {
  const { digest, receivedAt, channel, e164, imei, message } = aml;
  const content = storableJson(message);
  const kept = await sql.execute(
    `insert into aml_messages (digest, received_at, channel, e164, imei, content) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [digest, new Date(receivedAt).toISOString(), channel, e164, imei, content],
  );
  if (kept > 0) await sql.execute('select pg_notify($1, $2)', [amlChannel, digest]);
}

export function readAml(sql: Sql, digest: string): Promise<ReceivedAml | undefined> {
  return sql.first(row, `select ${columns} from aml_messages where digest = $1`, [digest]);
}

/** Messages that may be a caller's, the oldest first; `window` is milliseconds. */
export async function amlOfCaller(sql: Sql, { arrivedAt, e164, imei }: Caller, window: number): Promise<ReceivedAml[]> {
  if (e164 === null && imei === null) return [];
  return sql.rows(
    row,
    `select ${columns} from aml_messages
     where (e164 = $1 or imei = $2) and received_at between $3 and $4 order by received_at limit 20`,
    [e164, imei, new Date(arrivedAt - window).toISOString(), new Date(arrivedAt + window).toISOString()],
  );
}

/** Those of the last `window` milliseconds before `until` that fit no call yet; each is locked for one process. */
export function lockUnmatched(sql: Sql, until: number, window: number): Promise<ReceivedAml[]> {
  return sql.rows(
    row,
    `select ${columns} from aml_messages where call_id is null and received_at between $1 and $2
     order by received_at limit 100 for update skip locked`,
    [new Date(until - window).toISOString(), new Date(until).toISOString()],
  );
}

const endedCall = z.object({
  callId: z.string(),
  incidentId: z.string(),
  arrivedAt: z.date().transform((at) => at.getTime()),
  e164: text,
  imei: text,
});

/** Calls that a message may belong to and that ended before `ended` (epoch milliseconds): nobody has them in memory. */
export function endedCallsOf(
  sql: Sql,
  { e164, imei, receivedAt }: ReceivedAml,
  window: number,
  ended: number,
): Promise<z.output<typeof endedCall>[]> {
  return sql.rows(
    endedCall,
    `select id as "callId", incident_id as "incidentId", arrived_at as "arrivedAt", e164, imei from calls
     where (e164 = $1 or imei = $2) and arrived_at between $3 and $4 and ended_at < $5 limit 20`,
    [
      e164,
      imei,
      new Date(receivedAt - window).toISOString(),
      new Date(receivedAt + window).toISOString(),
      new Date(ended).toISOString(),
    ],
  );
}

/** Notes the first call that a message fitted. */
export async function markMatched(sql: Sql, digest: string, callId: string): Promise<void> {
  await sql.execute('update aml_messages set call_id = $2 where digest = $1 and call_id is null', [digest, callId]);
}

const listed = row.omit({ message: true }).extend({
  receivedAt: timeColumn,
  callId: text,
  unusable: z.array(z.string()),
  located: z.boolean(),
});

/** The latest messages, newest first. */
export function listAml(sql: Sql, filter: { matched: boolean | undefined; limit: number }) {
  return sql.rows(
    listed,
    `select digest, received_at as "receivedAt", channel, e164, imei, call_id as "callId",
       content->'unusable' as unusable, content->'sighting' <> 'null' as located
     from aml_messages where $1::boolean is null or (call_id is not null) = $1 order by received_at desc limit $2`,
    [filter.matched ?? null, filter.limit],
  );
}
