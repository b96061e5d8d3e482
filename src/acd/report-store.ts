import { z } from 'zod';
import { timeColumn } from '../platform/text.ts';
import type { Sql } from '../platform/postgres.ts';

const sessionRow = z.object({
  id: z.string(),
  deskId: z.string(),
  deskName: z.string().nullable(),
  beganAt: timeColumn,
  endedAt: timeColumn.nullable(),
  endedBy: z.string().nullable(),
});

/** Where an operator was logged in, newest first, before the session with the id `before`. */
export function sessionsOf(
  sql: Sql,
  operatorId: string,
  page: { limit: number; before: string | undefined },
): Promise<z.output<typeof sessionRow>[]> {
  return sql.rows(
    sessionRow,
    `select s.id, s.desk_id as "deskId", d.name as "deskName", s.began_at as "beganAt", s.ended_at as "endedAt",
       s.ended_by as "endedBy"
     from operator_sessions s left join desks d on d.id = s.desk_id
     where s.operator_id = $1 and ($2::uuid is null or s.id < $2)
     order by s.id desc limit $3`,
    [operatorId, page.before ?? null, page.limit],
  );
}

/** The same as it is answered. */
export const sessionView = sessionRow.extend({
  beganAt: z.string(),
  endedAt: z.string().nullable(),
});

const stateTime = z.object({
  operatorId: z.string(),
  name: z.string().nullable(),
  extension: z.string().nullable(),
  deleted: z.boolean(),
  state: z.string(),
  reason: z.string().nullable(),
  seconds: z.number(),
});

type StateTime = z.output<typeof stateTime>;

/** A busy centre's states of a month are read in less than a second; of a year at once, the server might give up on them. In milliseconds. */
const readAtOnce = 31 * 86_400_000;

/**
 * How many seconds each operator was in each state, of pauses by their reason, between two times; the state that goes on counts up to `now`. Epoch
 * milliseconds. Who has an account stands before who was deleted, by their extensions.
 */
export async function timeInStates(
  sql: Sql,
  { from, to, now }: { from: number; to: number; now: number },
): Promise<StateTime[]> {
  const sums = new Map<string, StateTime>();
  for (let at = from; at < to; at += readAtOnce) {
    for (const row of await timeInStatesAtOnce(sql, { from: at, to: Math.min(to, at + readAtOnce), now })) {
      const key = placeInReport(row);
      const seconds = (sums.get(key)?.seconds ?? 0) + row.seconds;
      sums.set(key, { ...row, seconds: Math.round(seconds * 1_000) / 1_000 });
    }
  }
  return [...sums].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, row]) => row);
}

function placeInReport({ deleted, extension, operatorId, state, reason }: StateTime): string {
  return [deleted ? '1' : `0${extension ?? ''}`, operatorId, state, reason ?? ''].join('\n');
}

/** Of the states before, the last one reaches into the interval. */
function timeInStatesAtOnce(sql: Sql, interval: { from: number; to: number; now: number }): Promise<StateTime[]> {
  return sql.rows(
    stateTime,
    `with recursive people (id) as (
       -- One look into the index for each: their states are millions.
       (select operator_id from operator_states order by operator_id limit 1)
       union all
       select (select operator_id from operator_states where operator_id > people.id order by operator_id limit 1)
       from people where people.id is not null
     ), recorded as (
       select people.id as operator_id, s.* from people,
         lateral (select coalesce(max(at), '-infinity') as at from operator_states where operator_id = people.id and at <= $1) as first,
         lateral (
           select state, case when state = 'paused' then reason end as reason, at as began, lead(at) over (order by at, id) as until
           from operator_states where operator_id = people.id and at >= first.at and at < $2
         ) as s
     ), spans as (
       select operator_id, state, reason, greatest(began, $1::timestamptz) as began,
         least(coalesce(until, $3::timestamptz), $2::timestamptz, $3::timestamptz) as until
       from recorded
     ), totals as (
       -- Added up as intervals, and named afterwards: of millions of spans a hundred sums are left.
       select operator_id, state, reason, sum(until - began) as total from spans where until > began
       group by operator_id, state, reason
     )
     select totals.operator_id as "operatorId", coalesce(o.name, f.name) as name,
       coalesce(o.extension, f.extension) as extension, o.id is null as deleted, totals.state, totals.reason,
       round(extract(epoch from totals.total), 3)::float8 as seconds
     from totals left join operators o on o.id = totals.operator_id
       left join former_operators f on f.id = totals.operator_id`,
    [new Date(interval.from), new Date(interval.to), new Date(interval.now)],
  );
}

const answeredCalls = z.object({ operatorId: z.string(), calls: z.number() });

/** How many callers each operator had who were first spoken with between two times (epoch milliseconds); the last one's, after a hand-over. */
export function callsAnswered(
  sql: Sql,
  interval: { from: number; to: number },
): Promise<z.output<typeof answeredCalls>[]> {
  return sql.rows(
    answeredCalls,
    `select operator_id as "operatorId", count(*)::int as calls from calls
     where operator_id is not null and first_talk_at >= $1 and first_talk_at < $2
       and arrived_at >= $1::timestamptz - interval '1 day' and arrived_at < $2
     group by operator_id`,
    [new Date(interval.from), new Date(interval.to)],
  );
}
