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
  state: z.string(),
  seconds: z.number(),
});

/**
 * How many seconds each operator was in each state between two times; the state that goes on counts up to `now`. Epoch
 * milliseconds. Of the states before, the last one reaches into the interval.
 */
export function timeInStates(
  sql: Sql,
  interval: { from: number; to: number; now: number },
): Promise<z.output<typeof stateTime>[]> {
  return sql.rows(
    stateTime,
    `with recorded as (
       select s.operator_id, s.state, s.at as began,
         lead(s.at) over (partition by s.operator_id order by s.at, s.id) as until
       from operator_states s
       where s.at < $2 and s.at >= coalesce(
         (select max(p.at) from operator_states p where p.operator_id = s.operator_id and p.at <= $1), '-infinity')
     ), spans as (
       select operator_id, state, greatest(began, $1::timestamptz) as began,
         least(coalesce(until, $3::timestamptz), $2::timestamptz, $3::timestamptz) as until
       from recorded
     )
     select spans.operator_id as "operatorId", o.name, o.extension, spans.state,
       round(sum(extract(epoch from spans.until - spans.began)), 3)::float8 as seconds
     from spans left join operators o on o.id = spans.operator_id
     where spans.until > spans.began
     group by spans.operator_id, o.name, o.extension, spans.state
     order by o.extension nulls last, spans.operator_id, spans.state`,
    [new Date(interval.from), new Date(interval.to), new Date(interval.now)],
  );
}
