import { z } from 'zod';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { callbackStates, rankOf, type Callback, type CallbackFix } from './callback.ts';
import { scorableKeys } from './nuisance-store.ts';

/** NOTIFY on it tells every process that the list, or an incident that a redial may join, changed. */
export const callbacksChannel = 'siaga_callbacks';

const milliseconds = z.date().transform((at) => at.getTime());
const fix = z.object({
  source: z.string(),
  latitude: z.number().nullable(),
  longitude: z.number().nullable(),
  radius: z.number().nullable(),
  address: z.string().nullable(),
}) satisfies z.ZodType<CallbackFix>;

export const tried = z.object({ at: z.number(), result: z.string(), reason: z.string() });
export type Tried = z.output<typeof tried>;
const review = z.object({ disposition: z.string(), note: z.string(), at: z.number() });

const row = z.object({
  id: z.string(),
  callId: z.string(),
  incidentId: z.string(),
  number: z.string().nullable(),
  imei: z.string().nullable(),
  abandonedAt: milliseconds,
  rangSeconds: z.number(),
  repeats: z.number(),
  nearby: z.boolean(),
  district: z.string().nullable(),
  bestFix: fix.nullable(),
  rank: z.number(),
  notCallable: z.string().nullable(),
  state: z.enum(callbackStates),
  tries: z.number(),
  nextTryAt: milliseconds.nullable(),
  askedBy: z.string().nullable(),
  tried: z.array(tried),
  redialledBy: z.string().nullable(),
  reviewedBy: z.string().nullable(),
  review: review.nullable(),
  createdAt: milliseconds,
  changedAt: milliseconds,
  kind: z.string().nullable(),
  operatorIds: z.array(z.string()),
}) satisfies z.ZodType<Callback>;
/** A callback with all that is stored of it, and what decides who may know of it. */
export type StoredCallback = z.output<typeof row>;

const columns = `b.id, b.call_id as "callId", b.incident_id as "incidentId", b.number, b.imei, b.abandoned_at as "abandonedAt",
  b.rang_seconds as "rangSeconds", b.repeats, b.nearby, b.district, b.best_fix as "bestFix", b.rank,
  b.not_callable as "notCallable", b.state, b.tries, b.next_try_at as "nextTryAt", b.asked_by as "askedBy", b.tried,
  b.redialled_by as "redialledBy", b.reviewed_by as "reviewedBy", b.review, b.created_at as "createdAt",
  b.changed_at as "changedAt", (select i.kind from incidents i where i.id = b.incident_id) as kind,
  array(select c.operator_id::text from calls c where c.incident_id = b.incident_id and c.operator_id is not null)
    as "operatorIds"`;

const abandonedCall = z.object({
  incidentId: z.string(),
  number: z.string().nullable(),
  imei: z.string().nullable(),
  notCallable: z.string().nullable(),
  endedAt: milliseconds,
  rangSeconds: z.number(),
  best: z
    .object({
      source: z.string(),
      position: z.object({ latitude: z.number(), longitude: z.number() }).nullable(),
      radius: z.number().nullable(),
      address: z.string().nullable(),
      district: z.string().nullable(),
    })
    .nullable(),
  networks: z.boolean(),
  nearby: z.boolean(),
});

/** Ended by a person, it was not abandoned by its caller. */
const byPerson = 'ended by a person';

/**
 * Lists an abandoned call, once; null when it is listed already, or was not abandoned. One whose caller has got through
 * meanwhile is listed as redialled: calls of several controllers are recorded in any order.
 */
export async function listAbandoned(
  sql: Sql,
  callId: string,
  deps: { id: string; at: number; redialSeconds: number; identityLimit: number },
): Promise<StoredCallback | null> {
  const call = await sql.first(
    abandonedCall,
    `select c.incident_id as "incidentId", c.e164 as number, c.imei,
       case when c.e164 is null then coalesce(c.identity->>'notCallable', 'anonymous')
            when coalesce((c.identity->>'callable')::boolean, true) then null
            else coalesce(c.identity->>'notCallable', 'not-a-number') end as "notCallable",
       c.ended_at as "endedAt", round(extract(epoch from c.ended_at - c.arrived_at))::int as "rangSeconds",
       nullif(c.location->'best', 'null'::jsonb) as best,
       coalesce(jsonb_array_length(nullif(c.location->'networks', 'null'::jsonb)), 0) > 0 as networks,
       exists (select 1 from calls o where o.id <> c.id and o.arrived_at <= c.ended_at
          and o.arrived_at > c.ended_at - interval '10 minutes'
          and (o.e164 is null or c.e164 is null or o.e164 <> c.e164)
          and (o.imei is null or c.imei is null or o.imei <> c.imei)
          and (o.location->'best'->>'district' = c.location->'best'->>'district'
            or exists (select 1 from jsonb_array_elements(o.location->'networks') as a,
                              jsonb_array_elements(c.location->'networks') as b
                       where a->'cell' <> 'null'::jsonb and a->'cell' = b->'cell'))) as nearby
     from calls c where c.id = $1 and c.outcome = 'abandoned' and c.ended_at is not null and c.reason <> '${byPerson}'`,
    [callId],
  );
  if (call === undefined) return null;
  const { best, number, imei, endedAt, rangSeconds, nearby } = call;
  const keys = await scorableKeys(sql, 'id', callId, deps.identityLimit);
  const numbers = keys.flatMap(({ kind, key }) => (kind === 'number' ? [key] : []));
  const phones = keys.flatMap(({ kind, key }) => (kind === 'imei' ? [key] : []));
  const links = [numbers, phones, date(endedAt), deps.redialSeconds];
  const others = await sql.first(
    z.object({ repeats: z.number(), redialledBy: z.string().nullable() }),
    `select
       (select count(*)::int from calls o where o.id <> $5 and (o.e164 = any($1) or o.imei = any($2)) and o.outcome = 'abandoned'
          and o.ended_at <= $3 and o.ended_at > $3::timestamptz - make_interval(secs => $4)) as repeats,
       (select o.id from calls o where o.id <> $5 and (o.e164 = any($1) or o.imei = any($2)) and o.first_talk_at is not null
          and o.first_talk_at >= $3 and o.arrived_at <= $3::timestamptz + make_interval(secs => $4)
          order by o.arrived_at limit 1) as "redialledBy"`,
    [...links, callId],
  );
  const { repeats = 0, redialledBy = null } = others ?? {};
  const rank = rankOf({ rangSeconds, repeats, located: best !== null || call.networks, nearby });
  const bestFix: CallbackFix | null = best && {
    source: best.source,
    latitude: best.position?.latitude ?? null,
    longitude: best.position?.longitude ?? null,
    radius: best.radius,
    address: best.address,
  };
  const made = await sql.execute(
    `insert into callbacks (id, call_id, incident_id, number, imei, abandoned_at, rang_seconds, repeats, nearby, district,
       best_fix, rank, not_callable, state, redialled_by, next_try_at, created_at, changed_at)
     values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$16,$16) on conflict (call_id) do nothing`,
    [
      deps.id,
      callId,
      call.incidentId,
      number,
      imei,
      date(endedAt),
      Math.max(0, rangSeconds),
      repeats,
      nearby,
      best?.district ?? null,
      bestFix === null ? null : storableJson(bestFix),
      rank,
      call.notCallable,
      redialledBy === null ? 'listed' : 'redialled',
      redialledBy,
      date(deps.at),
    ],
  );
  if (made === 0) return null;
  await notify(sql);
  return (await readCallback(sql, deps.id)) ?? null;
}

/** Takes off whoever has got through by this call; answers the entries that it was. */
export async function takeOffRedialled(
  sql: Sql,
  callId: string,
  deps: { at: number; redialSeconds: number; identityLimit: number },
): Promise<StoredCallback[]> {
  const keys = await scorableKeys(sql, 'id', callId, deps.identityLimit);
  if (keys.length === 0) return [];
  const found = await sql.rows(
    z.object({ id: z.string() }),
    `update callbacks b set state = 'redialled', redialled_by = $1, changed_at = $5
     from calls c where c.id = $1 and c.first_talk_at is not null and b.call_id <> $1 and b.state in ('listed', 'calling')
       and (b.number = any($2) or b.imei = any($3)) and b.abandoned_at <= c.first_talk_at
       and c.arrived_at <= b.abandoned_at + make_interval(secs => $4)
     returning b.id`,
    [
      callId,
      keys.flatMap(({ kind, key }) => (kind === 'number' ? [key] : [])),
      keys.flatMap(({ kind, key }) => (kind === 'imei' ? [key] : [])),
      deps.redialSeconds,
      date(deps.at),
    ],
  );
  return changedOnes(sql, found);
}

/** Calls that were abandoned lately and are not listed, should their listing have failed. */
export async function unlisted(sql: Sql, at: number): Promise<string[]> {
  const rows = await sql.rows(
    z.object({ id: z.string() }),
    `select c.id from calls c where c.arrived_at > $1::timestamptz - interval '1 day' and c.outcome = 'abandoned'
       and c.ended_at < $1::timestamptz - interval '10 seconds' and c.reason <> '${byPerson}'
       and not exists (select 1 from callbacks b where b.call_id = c.id) limit 200`,
    [date(at)],
  );
  return rows.map(({ id }) => id);
}

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
       and ($2::timestamptz is null or (date_trunc('milliseconds', b.created_at), b.id) < ($2, $3::uuid))
     order by date_trunc('milliseconds', b.created_at) desc, b.id desc limit $4`,
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
    [id, date(at)],
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
      date(one.at),
      date(one.nextTryAt),
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
          [id, date(one.at), storableJson([{ at: one.at, result: 'reached', reason: `called for ${id}` }])],
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
    [date(at), date(at - olderThan), storableJson([{ at, result: 'not-tried', reason: 'nobody said how it went' }])],
  );
  return changedOnes(sql, found);
}

/** A person wants somebody called now. */
export async function askFor(sql: Sql, id: string, by: string, at: number): Promise<void> {
  await sql.execute(`update callbacks set asked_by = $2, next_try_at = $3, changed_at = $3 where id = $1`, [
    id,
    by,
    date(at),
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
    [id, tokenId, storableJson({ disposition, note, at }), date(at)],
  );
  await notify(sql);
}

async function changedOnes(sql: Sql, found: readonly { id: string }[]): Promise<StoredCallback[]> {
  if (found.length === 0) return [];
  await notify(sql);
  return sql.rows(row, `select ${columns} from callbacks b where b.id = any($1)`, [found.map(({ id }) => id)]);
}

export async function notify(sql: Sql): Promise<void> {
  await sql.execute('select pg_notify($1, $2)', [callbacksChannel, '']);
}

function date(at: number): string {
  return new Date(at).toISOString();
}
