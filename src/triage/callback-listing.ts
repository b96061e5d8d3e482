import { z } from 'zod';
import { storableJson } from '../platform/postgres-text.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, millisecondsColumn } from '../platform/text.ts';
import { connectionLost, endedByPerson, rankOf, type CallbackFix } from './callback.ts';
import { changedOnes, notify, readCallback, type StoredCallback } from './callback-store.ts';
import { scorableKeys } from './key-store.ts';

const unfinishedCall = z.object({
  incidentId: z.string(),
  number: z.string().nullable(),
  imei: z.string().nullable(),
  notCallable: z.string().nullable(),
  endedAt: millisecondsColumn,
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
  cutOff: z.boolean(),
});

/** As `isUnfinished` has it, of a call `c`. */
const wantsCallback = `(c.reason = '${connectionLost}' or (c.outcome = 'abandoned' and c.reason <> '${endedByPerson}'))`;

/**
 * Lists a call that was abandoned or cut off, once; null when it is listed already, or was neither. One whose caller has got through
 * meanwhile is listed as redialled: calls of several controllers are recorded in any order.
 */
export async function listUnfinished(
  sql: Sql,
  callId: string,
  deps: { id: string; at: number; redialSeconds: number; identityLimit: number },
): Promise<StoredCallback | null> {
  const call = await readUnfinishedCall(sql, callId);
  if (call === undefined) return null;
  const { best, endedAt, rangSeconds, nearby, cutOff } = call;
  const { repeats, redialledBy } = await otherCalls(sql, { callId, endedAt }, deps);
  const rank = rankOf({ rangSeconds, repeats, located: best !== null || call.networks, nearby, cutOff });
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
      call.number,
      call.imei,
      isoTime(endedAt),
      Math.max(0, rangSeconds),
      repeats,
      nearby,
      best?.district ?? null,
      bestFix === null ? null : storableJson(bestFix),
      rank,
      call.notCallable,
      redialledBy === null ? 'listed' : 'redialled',
      redialledBy,
      isoTime(deps.at),
    ],
  );
  if (made === 0) return null;
  await notify(sql);
  return (await readCallback(sql, deps.id)) ?? null;
}

/** Its record, and whether somebody else called from there in the ten minutes before; undefined if it wants no call back. */
function readUnfinishedCall(sql: Sql, callId: string): Promise<z.output<typeof unfinishedCall> | undefined> {
  return sql.first(
    unfinishedCall,
    `select c.incident_id as "incidentId", c.e164 as number, c.imei,
       case when c.e164 is null then coalesce(c.identity->>'notCallable', 'anonymous')
            when coalesce((c.identity->>'callable')::boolean, true) then null
            else coalesce(c.identity->>'notCallable', 'not-a-number') end as "notCallable",
       c.ended_at as "endedAt", round(extract(epoch from coalesce(c.first_talk_at, c.ended_at) - c.arrived_at))::int as "rangSeconds",
       c.reason = '${connectionLost}' as "cutOff",
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
     from calls c where c.id = $1 and c.ended_at is not null and ${wantsCallback}`,
    [callId],
  );
}

/** The caller's other calls around it: how many before were abandoned as well, and the first after that got through. */
async function otherCalls(
  sql: Sql,
  { callId, endedAt }: { callId: string; endedAt: number },
  { redialSeconds, identityLimit }: { redialSeconds: number; identityLimit: number },
): Promise<{ repeats: number; redialledBy: string | null }> {
  const { numbers, phones } = await keysOfCall(sql, callId, identityLimit);
  const found = await sql.first(
    z.object({ repeats: z.number(), redialledBy: z.string().nullable() }),
    `select
       (select count(*)::int from calls o where o.id <> $5 and (o.e164 = any($1) or o.imei = any($2)) and o.outcome = 'abandoned'
          and o.ended_at <= $3 and o.ended_at > $3::timestamptz - make_interval(secs => $4)) as repeats,
       (select o.id from calls o where o.id <> $5 and (o.e164 = any($1) or o.imei = any($2)) and o.first_talk_at is not null
          and o.first_talk_at >= $3 and o.arrived_at <= $3::timestamptz + make_interval(secs => $4)
          order by o.arrived_at limit 1) as "redialledBy"`,
    [numbers, phones, isoTime(endedAt), redialSeconds, callId],
  );
  return found ?? { repeats: 0, redialledBy: null };
}

/** What links a call with others of its caller. */
async function keysOfCall(
  sql: Sql,
  callId: string,
  identityLimit: number,
): Promise<{ numbers: string[]; phones: string[] }> {
  const keys = await scorableKeys(sql, 'id', callId, identityLimit);
  const ofKind = (wanted: 'number' | 'imei'): string[] =>
    keys.flatMap(({ kind, key }) => (kind === wanted ? [key] : []));
  return { numbers: ofKind('number'), phones: ofKind('imei') };
}

/**
 * Takes off whoever has got through by this call, also himself who was thought to have given up and talked without a controller;
 * answers the entries that it was.
 */
export async function takeOffRedialled(
  sql: Sql,
  callId: string,
  deps: { at: number; redialSeconds: number; identityLimit: number },
): Promise<StoredCallback[]> {
  const { numbers, phones } = await keysOfCall(sql, callId, deps.identityLimit);
  if (numbers.length + phones.length === 0) return [];
  const found = await sql.rows(
    z.object({ id: z.string() }),
    `update callbacks b set state = 'redialled', redialled_by = $1, changed_at = $5
     from calls c where c.id = $1 and c.first_talk_at is not null and (b.call_id is distinct from $1 or c.outcome = 'human-path') and b.state in ('listed', 'calling')
       and (b.number = any($2) or b.imei = any($3)) and b.abandoned_at <= c.first_talk_at
       and c.arrived_at <= b.abandoned_at + make_interval(secs => $4)
     returning b.id`,
    [callId, numbers, phones, deps.redialSeconds, isoTime(deps.at)],
  );
  return changedOnes(sql, found);
}

/** Calls that were abandoned or cut off lately and are not listed, should their listing have failed. */
export async function unlisted(sql: Sql, at: number): Promise<string[]> {
  const rows = await sql.rows(
    z.object({ id: z.string() }),
    `select c.id from calls c where c.arrived_at > $1::timestamptz - interval '1 day' and c.ended_at < $1::timestamptz - interval '10 seconds'
       and ${wantsCallback}
       and not exists (select 1 from callbacks b where b.call_id = c.id) limit 200`,
    [isoTime(at)],
  );
  return rows.map(({ id }) => id);
}

/** Who reports and asks for it is called back before all who gave up. */
const reportedRank = 100;

/** Lists who wants to be called back after a report, once for each incident; null when he is listed already. */
export async function listReported(
  sql: Sql,
  wish: {
    id: string;
    at: number;
    incidentId: string;
    /** E.164; null: what he gave is no telephone number. */
    number: string | null;
    district: string | null;
    position: { latitude: number; longitude: number; radius?: number | undefined } | null;
  },
): Promise<StoredCallback | null> {
  const { id, at, incidentId, number, district, position } = wish;
  const bestFix = position && { source: 'app', ...position, radius: position.radius ?? null, address: null };
  const made = await sql.execute(
    `insert into callbacks (id, incident_id, number, abandoned_at, rang_seconds, repeats, nearby, district, best_fix, rank,
       not_callable, next_try_at, created_at, changed_at)
     values ($1,$2,$3,$4,0,0,false,$5,$6,$7,$8,$4,$4,$4) on conflict do nothing`,
    [
      id,
      incidentId,
      number,
      isoTime(at),
      district,
      bestFix === null ? null : storableJson(bestFix),
      reportedRank,
      number === null ? 'not-a-number' : null,
    ],
  );
  if (made === 0) return null;
  await notify(sql);
  return (await readCallback(sql, id)) ?? null;
}
