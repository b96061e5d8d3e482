import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, isoTimeOrNull, millisecondsColumn } from '../platform/text.ts';
import { responseState } from '../responders/response.ts';
import { modes } from '../routing/rule.ts';
import type { DispatchFacts } from './progress.ts';
import { clockNames, clockState, type SopClock } from './sop-clock.ts';

const clockRow = z.object({
  dispatchId: z.string(),
  clock: z.enum(clockNames),
  seconds: z.number(),
  startedAt: millisecondsColumn.nullable(),
  dueAt: millisecondsColumn.nullable(),
  state: clockState,
  nextAt: millisecondsColumn.nullable(),
  endedAt: millisecondsColumn.nullable(),
  told: z.array(z.string()),
}) satisfies z.ZodType<SopClock>;

const clockColumns = `dispatch_id::text as "dispatchId", clock, seconds, started_at as "startedAt", due_at as "dueAt", state,
  next_at as "nextAt", ended_at as "endedAt", told`;

/** The clocks of these dispatches, locked in one order until the transaction ends. */
export function lockClocks(sql: Sql, dispatchIds: readonly string[]): Promise<SopClock[]> {
  return sql.rows(
    clockRow,
    `select ${clockColumns} from sop_clocks where dispatch_id = any($1) order by dispatch_id, clock for update`,
    [dispatchIds],
  );
}

/** The clocks of these dispatches, in the order in which they run. */
export function readClocks(sql: Sql, dispatchIds: readonly string[]): Promise<SopClock[]> {
  return sql.rows(
    clockRow,
    `select ${clockColumns} from sop_clocks where dispatch_id = any($1)
     order by array_position(array['accept', 'depart', 'arrive'], clock)`,
    [dispatchIds],
  );
}

/** Stores a clock that is new. */
export async function insertClock(sql: Sql, incidentId: string, clock: SopClock): Promise<void> {
  await sql.execute(
    `insert into sop_clocks (dispatch_id, clock, incident_id, seconds, state) values ($1, $2, $3, $4, $5)
     on conflict do nothing`,
    [clock.dispatchId, clock.clock, incidentId, clock.seconds, clock.state],
  );
}

/** Stores how a clock stands, and who is to be told by it: whoever does so has until `tellAfter`. */
export async function saveClock(sql: Sql, clock: SopClock, tell: readonly string[], tellAfter: number): Promise<void> {
  await sql.execute(
    `update sop_clocks set started_at = $3, due_at = $4, state = $5, next_at = $6, ended_at = $7, told = $8,
       to_tell = to_tell || $9::text[], tell_after = case when $9::text[] = '{}' then tell_after else $10::timestamptz end
     where dispatch_id = $1 and clock = $2`,
    [
      clock.dispatchId,
      clock.clock,
      isoTimeOrNull(clock.startedAt),
      isoTimeOrNull(clock.dueAt),
      clock.state,
      isoTimeOrNull(clock.nextAt),
      isoTimeOrNull(clock.endedAt),
      clock.told,
      tell,
      isoTime(tellAfter),
    ],
  );
}

const factsRow = z.object({
  id: z.string(),
  incidentId: z.string(),
  agencyId: z.string(),
  agencyName: z.string(),
  kind: z.string().nullable(),
  closed: z.boolean(),
  drill: z.boolean(),
  mode: z.enum(modes),
  state: z.string(),
  firstRingAt: z.number().nullable(),
  requestedAt: millisecondsColumn,
  acceptedAt: millisecondsColumn.nullable(),
  endedAt: millisecondsColumn.nullable(),
  responses: z.array(z.object({ state: responseState, at: z.number() })),
});

/** A dispatch on record, with its incident and its crew. */
export type StoredDispatch = z.output<typeof factsRow>;

/** These dispatches as they are on record. */
export function readDispatchFacts(sql: Sql, dispatchIds: readonly string[]): Promise<StoredDispatch[]> {
  return sql.rows(
    factsRow,
    `select d.id::text, d.incident_id::text as "incidentId", d.agency_id as "agencyId", d.agency_name as "agencyName", i.kind,
       i.status = 'closed' as closed, coalesce((select p.drill from reports p where p.incident_id = i.id), false) as drill,
       d.mode, d.state, (d.attempts->0->'requestedAt')::float8 as "firstRingAt",
       d.requested_at as "requestedAt", d.accepted_at as "acceptedAt", d.ended_at as "endedAt",
       coalesce((select json_agg(json_build_object('state', r.state, 'at', floor(extract(epoch from r.at) * 1000)))
                 from dispatch_responses r where r.dispatch_id = d.id), '[]') as responses
     from dispatches d join incidents i on i.id = d.incident_id where d.id = any($1)`,
    [dispatchIds],
  );
}

/** What its clocks go by; a closed incident is taken to have been closed when that is seen. */
export function factsOf(stored: StoredDispatch, at: number): DispatchFacts {
  return { ...stored, closedAt: stored.closed ? at : null };
}

const idRow = z.object({ id: z.string() });

/** Dispatches whose clocks are to be looked at: due, or started or stopped by what nobody took note of. */
export async function dueDispatches(sql: Sql, at: number, limit: number): Promise<string[]> {
  const rows = await sql.rows(
    idRow,
    `(select dispatch_id::text as id from sop_clocks where next_at <= $1 order by next_at limit $2)
     union
     (select c.dispatch_id::text from sop_clocks c join dispatches d on d.id = c.dispatch_id
      where c.ended_at is null and c.started_at is null
        and case when c.clock = 'accept' then d.attempts <> '[]' else d.accepted_at is not null end
        and d.mode in ('bridge', 'transfer')
      limit $2)`,
    [isoTime(at), limit],
  );
  return rows.map(({ id }) => id);
}

/** Dispatches that should have got their clocks with their records, and have not. */
export async function clocklessDispatches(sql: Sql, limit: number): Promise<string[]> {
  const rows = await sql.rows(
    idRow,
    'select id::text from dispatches where not clocked order by requested_at limit $1',
    [limit],
  );
  return rows.map(({ id }) => id);
}

/** Notes that these dispatches get their clocks now; answers those that nobody had noted. */
export async function noteClocked(sql: Sql, dispatchIds: readonly string[]): Promise<Set<string>> {
  const rows = await sql.rows(
    idRow,
    'update dispatches set clocked = true where id = any($1) and not clocked returning id::text',
    [dispatchIds],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Dispatches of these incidents with a clock that has not ended. */
export async function openDispatches(sql: Sql, incidentIds: readonly string[]): Promise<string[]> {
  const rows = await sql.rows(
    idRow,
    'select distinct dispatch_id::text as id from sop_clocks where incident_id = any($1) and ended_at is null',
    [incidentIds],
  );
  return rows.map(({ id }) => id);
}

/** Those of these dispatches whose clocks have all ended on record. */
export async function endedDispatches(sql: Sql, dispatchIds: readonly string[]): Promise<string[]> {
  if (dispatchIds.length === 0) return [];
  const rows = await sql.rows(
    idRow,
    `select dispatch_id::text as id from sop_clocks where dispatch_id = any($1)
     group by dispatch_id having bool_and(ended_at is not null)`,
    [dispatchIds],
  );
  return rows.map(({ id }) => id);
}

const untoldRow = z.object({
  dispatchId: z.string(),
  clock: z.enum(clockNames),
  seconds: z.number(),
  incidentId: z.string(),
  agencyId: z.string(),
  agencyName: z.string(),
  toTell: z.array(z.string()),
});
export type Untold = z.output<typeof untoldRow>;

/**
 * Takes note of the notifications that are on record by now, and of recipients that there are no longer, and answers whom of
 * the others this process tells again; no other does until `tellAfter`. By the record alone: a process that has just started may
 * know nobody yet.
 */
export async function claimUntold(sql: Sql, at: number, tellAfter: number, limit: number): Promise<Untold[]> {
  await sql.execute(
    `update sop_clocks c set to_tell = array(
       select t from unnest(c.to_tell) t where exists (select 1 from recipients r where r.id = t) and not exists (
         select 1 from notifications n where n.incident_id = c.incident_id and n.recipient_id = t
           and n.content->'reason' @> jsonb_build_object('by', 'sop', 'dispatchId', c.dispatch_id, 'clock', c.clock)))
     where to_tell <> '{}' and tell_after <= $1`,
    [isoTime(at)],
  );
  return sql.rows(
    untoldRow,
    `update sop_clocks c set tell_after = $2
     from (select s.dispatch_id, s.clock from sop_clocks s where s.to_tell <> '{}' and s.tell_after <= $1
           order by s.tell_after limit $3 for update skip locked) as mine, dispatches d
     where c.dispatch_id = mine.dispatch_id and c.clock = mine.clock and d.id = c.dispatch_id
     returning c.dispatch_id::text as "dispatchId", c.clock, c.seconds, c.incident_id::text as "incidentId",
       d.agency_id as "agencyId", d.agency_name as "agencyName", c.to_tell as "toTell"`,
    [isoTime(at), isoTime(tellAfter), limit],
  );
}
