import { z } from 'zod';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, millisecondsColumn } from '../platform/text.ts';
import { callbackReasons, callbackStates, connectionLost, type Callback, type CallbackFix } from './callback.ts';
import { talkedOnIncident } from '../incidents/talked-sql.ts';

/** NOTIFY on it tells every process that the list, or an incident that a redial may join, changed. */
export const callbacksChannel = 'siaga_callbacks';

const fix = z.object({
  source: z.string(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  radius: z.number().nullable(),
  address: z.string().nullable(),
}) satisfies z.ZodType<CallbackFix>;

const tried = z.object({ at: z.number(), result: z.string(), reason: z.string() });
const review = z.object({ disposition: z.string(), note: z.string(), at: z.number() });

const row = z.object({
  id: z.string(),
  callId: z.string().nullable(),
  incidentId: z.string(),
  reason: z.enum(callbackReasons),
  number: z.string().nullable(),
  imei: z.string().nullable(),
  abandonedAt: millisecondsColumn,
  rangSeconds: z.number(),
  repeats: z.number(),
  nearby: z.boolean(),
  district: z.string().nullable(),
  bestFix: fix.nullable(),
  rank: z.number(),
  notCallable: z.string().nullable(),
  state: z.enum(callbackStates),
  tries: z.number(),
  nextTryAt: millisecondsColumn.nullable(),
  askedBy: z.string().nullable(),
  tried: z.array(tried),
  redialledBy: z.string().nullable(),
  reviewedBy: z.string().nullable(),
  review: review.nullable(),
  createdAt: millisecondsColumn,
  changedAt: millisecondsColumn,
  kind: z.string().nullable(),
  operatorIds: z.array(z.string()),
}) satisfies z.ZodType<Callback>;
/** A callback with all that is stored of it, and what decides who may know of it. */
export type StoredCallback = z.output<typeof row>;

const columns = `b.id, b.call_id as "callId", b.incident_id as "incidentId",
  case when b.call_id is null then 'reported'
       when (select c.reason from calls c where c.id = b.call_id) = '${connectionLost}' then 'connection-lost'
       else 'gave-up' end as reason, b.number, b.imei, b.abandoned_at as "abandonedAt",
  b.rang_seconds as "rangSeconds", b.repeats, b.nearby, b.district, b.best_fix as "bestFix", b.rank,
  b.not_callable as "notCallable", b.state, b.tries, b.next_try_at as "nextTryAt", b.asked_by as "askedBy", b.tried,
  b.redialled_by as "redialledBy", b.reviewed_by as "reviewedBy", b.review, b.created_at as "createdAt",
  b.changed_at as "changedAt", (select i.kind from incidents i where i.id = b.incident_id) as kind,
  ${talkedOnIncident('b.incident_id')}
    as "operatorIds"`;

/** What is stored of one; `lock` holds it until the transaction ends. */
export function readCallback(sql: Sql, id: string, lock = false): Promise<StoredCallback | undefined> {
  return sql.first(row, `select ${columns} from callbacks b where b.id = $1${lock ? ' for update' : ''}`, [id]);
}

/** Newest first; `after` is the position of the last one seen. */
export function listCallbacks(
  sql: Sql,
  filter: { state?: string | undefined; limit: number; after: [string, string] | null },
): Promise<StoredCallback[]> {
  return sql.rows(
    row,
    `select ${columns} from callbacks b where ($1::text is null or b.state = $1)
       and ($2::timestamptz is null or (b.created_at, b.id) < ($2, $3::uuid))
     order by b.created_at desc, b.id desc limit $4`,
    [filter.state ?? null, filter.after?.[0] ?? null, filter.after?.[1] ?? null, filter.limit],
  );
}

/** Those that stand on the list or are being called, the most urgent first, 1,000 at most. */
export function openCallbacks(sql: Sql): Promise<StoredCallback[]> {
  return sql.rows(
    row,
    `select ${columns} from callbacks b where b.state in ('listed', 'calling')
     order by b.asked_by is null, b.rank desc, b.abandoned_at limit 1000`,
  );
}

/** Takes one for a call to it; false when another was faster. */
export async function beginCalling(sql: Sql, id: string, at: number): Promise<boolean> {
  const taken = await sql.execute(
    `update callbacks b set state = 'calling', changed_at = $2 where id = $1 and state = 'listed'
       and not exists (select 1 from callbacks o where o.number = b.number and o.state = 'calling')`,
    [id, isoTime(at)],
  );
  if (taken > 0) await notify(sql);
  return taken > 0;
}

/** Writes down a try. Reached, the caller's other entries are done as well. */
export async function noteTry(
  sql: Sql,
  id: string,
  one: {
    at: number;
    result: 'reached' | 'not-reached' | 'not-tried';
    reason: string;
    nextTryAt: number;
    triesAtMost: number;
  },
): Promise<StoredCallback[]> {
  const counts = one.result === 'not-tried' ? 0 : 1;
  const found = await sql.rows(
    z.object({ id: z.string() }),
    `update callbacks b set tries = tries + $2, tried = (case when jsonb_array_length(tried) >= 100 then tried - 0 else tried end)
         || $3::jsonb, changed_at = $4,
       asked_by = case when $2 = 1 then null else asked_by end,
       next_try_at = case when $6 or tries + $2 >= $7 then null else $5::timestamptz end,
       state = case when state <> 'calling' then state when $6 then 'reached' else 'listed' end
     where id = $1 returning id`,
    [
      id,
      counts,
      storableJson([{ at: one.at, result: one.result, reason: one.reason }]),
      isoTime(one.at),
      isoTime(one.nextTryAt),
      one.result === 'reached',
      one.triesAtMost,
    ],
  );
  const others =
    one.result === 'reached'
      ? await sql.rows(
          z.object({ id: z.string() }),
          `update callbacks o set state = 'reached', changed_at = $2, tried = o.tried || $3::jsonb
           from callbacks b where b.id = $1 and o.id <> b.id and o.state = 'listed' and o.number = b.number returning o.id`,
          [id, isoTime(one.at), storableJson([{ at: one.at, result: 'reached', reason: `called for ${id}` }])],
        )
      : [];
  return changedOnes(sql, [...found, ...others]);
}

/** Gives back what a process that has died since was calling. */
export async function giveUpStale(sql: Sql, at: number, olderThan: number): Promise<StoredCallback[]> {
  const found = await sql.rows(
    z.object({ id: z.string() }),
    `update callbacks set state = 'listed', changed_at = $1, tried = tried || $3::jsonb
     where state = 'calling' and changed_at < $2 returning id`,
    [
      isoTime(at),
      isoTime(at - olderThan),
      storableJson([{ at, result: 'not-tried', reason: 'nobody said how it went' }]),
    ],
  );
  return changedOnes(sql, found);
}

/** A person wants somebody called now. */
export async function askFor(sql: Sql, id: string, by: string, at: number): Promise<void> {
  await sql.execute(`update callbacks set asked_by = $2, next_try_at = $3, changed_at = $3 where id = $1`, [
    id,
    by,
    isoTime(at),
  ]);
  await notify(sql);
}

/** A person has looked at it, and closes it. */
export async function closeReviewed(
  sql: Sql,
  id: string,
  by: { tokenId: string; disposition: string; note: string; at: number },
): Promise<void> {
  const { tokenId, disposition, note, at } = by;
  await sql.execute(
    `update callbacks set state = 'reviewed', reviewed_by = $2, review = $3, changed_at = $4 where id = $1`,
    [id, tokenId, storableJson({ disposition, note, at }), isoTime(at)],
  );
  await notify(sql);
}

/** What was changed, as it is now, after every process was told. */
export async function changedOnes(sql: Sql, found: readonly { id: string }[]): Promise<StoredCallback[]> {
  if (found.length === 0) return [];
  await notify(sql);
  return sql.rows(row, `select ${columns} from callbacks b where b.id = any($1)`, [found.map(({ id }) => id)]);
}

/** Tells every process that the list changed. */
export async function notify(sql: Sql): Promise<void> {
  await sql.execute('select pg_notify($1, $2)', [callbacksChannel, '']);
}
