import { z } from 'zod';
import { storableJson } from '../../platform/postgres-text.ts';
import type { Sql } from '../../platform/postgres.ts';
import { isoTime, millisecondsColumn, timeColumn } from '../../platform/text.ts';
import type { Caller, ReceivedAml } from './aml-received.ts';
import { sightingSchema } from '../schema.ts';

/** NOTIFY on it, with a digest, tells every process of a message. */
export const amlChannel = 'siaga_aml';

const network = z.object({ mcc: z.string(), mnc: z.string() }).nullable();
const text = z.string().nullable();

const amlMessageSchema = z.object({
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
  receivedAt: millisecondsColumn,
  channel: z.enum(['sms', 'https']),
  e164: text,
  imei: text,
  message: amlMessageSchema,
});
/** A message as another controller passes it on. */
export const passedAml: z.ZodType<ReceivedAml> = row.extend({ receivedAt: z.number() });
const columns = 'digest, received_at as "receivedAt", channel, e164, imei, content as message';

/** Keeps a message and tells every process of it; one that is there already stays as it is. */
export async function keepAml(sql: Sql, aml: ReceivedAml): Promise<void> {
  const { digest, receivedAt, channel, e164, imei, message } = aml;
  const content = storableJson(message);
  const kept = await sql.execute(
    `insert into aml_messages (digest, received_at, channel, e164, imei, content) values ($1, $2, $3, $4, $5, $6)
     on conflict do nothing`,
    [digest, isoTime(receivedAt), channel, e164, imei, content],
  );
  if (kept > 0) await sql.execute('select pg_notify($1, $2)', [amlChannel, digest]);
}

export function readAml(sql: Sql, digest: string): Promise<ReceivedAml | undefined> {
  return sql.first(row, `select ${columns} from aml_messages where digest = $1`, [digest]);
}

/** Messages that may be a caller's, the oldest first and the latest 100 at most; `window` is milliseconds. */
export async function amlOfCaller(
  sql: Sql,
  { arrivedAt, endedAt, e164, imei }: Caller,
  window: number,
): Promise<ReceivedAml[]> {
  if (e164 === null && imei === null) return [];
  const until = endedAt === null ? null : isoTime(endedAt + window);
  const latest = await sql.rows(
    row,
    `select ${columns} from aml_messages
     where (e164 = $1 or imei = $2) and received_at >= $3 and ($4::timestamptz is null or received_at <= $4)
     order by received_at desc limit 100`,
    [e164, imei, isoTime(arrivedAt - window), until],
  );
  return latest.reverse();
}

const forCall = row.extend({
  callId: z.string(),
  incidentId: z.string(),
  arrivedAt: millisecondsColumn,
});

// The rule of `belongsTo`. No call lasts a day: without a first day, all calls of a switchboard would be looked at.
const fits = `(c.e164 = m.e164 or (c.imei = m.imei and (c.e164 is null or m.e164 is null)))
  and c.arrived_at between m.received_at - interval '1 day' and m.received_at + $3 * interval '1 ms'
  and c.ended_at >= m.received_at - $3 * interval '1 ms' and c.ended_at < $2 and m.received_at < $2`;
const pair = `m.digest, m.received_at as "receivedAt", m.channel, m.e164, m.imei, m.content as message,
  c.id as "callId", c.incident_id as "incidentId", c.arrived_at as "arrivedAt"`;

/**
 * Messages for calls that ended before `settled`, so that nobody has them in memory: such as fit no call yet, and such as
 * fitted another call of the caller first. Times are epoch milliseconds.
 */
export async function amlForEndedCalls(
  sql: Sql,
  { settled, since, window }: { settled: number; since: { unmatched: number; matched: number }; window: number },
): Promise<z.output<typeof forCall>[]> {
  const unmatched = await sql.rows(
    forCall,
    `select ${pair} from aml_messages m join calls c on ${fits}
     where m.call_id is null and m.received_at > $1 order by m.received_at limit 100`,
    [isoTime(since.unmatched), isoTime(settled), window],
  );
  const matched = await sql.rows(
    forCall,
    `select ${pair} from calls c join aml_messages m on ${fits}
     where c.arrived_at > $1 and m.call_id <> c.id and m.content->'sighting' <> 'null' and not exists (
       select from location_fixes f
       where f.call_id = c.id and f.received_at = m.received_at and f.source = 'aml-' || m.channel)
     order by m.received_at limit 100`,
    [isoTime(since.matched), isoTime(settled), window],
  );
  return [...unmatched, ...matched];
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
