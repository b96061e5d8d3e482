import { z } from 'zod';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, millisecondsColumn } from '../platform/text.ts';
import { identitiesOf, scorableKeys } from './key-store.ts';
import {
  isRealKind,
  judgedOf,
  nuisanceReasons,
  realKinds,
  repeatCalls,
  repeatMinutes,
  type Contribution,
  type NuisanceKey,
  type NuisanceReason,
} from './score.ts';

/** NOTIFY on it tells every process that scores changed. */
export const nuisanceChannel = 'siaga_nuisance';

/** What things weigh; 0 notes nothing. */
export interface NuisanceWeights {
  readonly prank: number;
  readonly ghost: number;
  readonly silent: number;
  readonly shortCall: number;
  readonly repeat: number;
}

/** Who lifts what a later word has proved wrong. */
const corrected = 'correction';
/** A contribution that has halved so often counts nothing any more. */
const halfLives = 20;
const keysKept = 5_000;

const incidentRow = z.object({
  status: z.string(),
  kind: z.string().nullable(),
  disposition: z.string().nullable(),
});

/**
 * Notes the end of an incident against its callers, or takes back what another end had noted. Doing it again changes
 * nothing: one incident is noted once for each number and phone.
 */
export async function scoreIncident(
  sql: Sql,
  incidentId: string,
  deps: { at: number; weights: NuisanceWeights; identityLimit: number },
): Promise<void> {
  const incident = await sql.first(incidentRow, 'select status, kind, disposition from incidents where id = $1', [
    incidentId,
  ]);
  if (incident === undefined) return;
  const reason = judgedOf(incident);
  const cause = `incident:${incidentId}`;
  let changed = await sql.execute(
    `update nuisance_contributions set lifted_at = $3, lifted_by = '${corrected}', lift_reason = 'the incident ended otherwise'
     where cause = $1 and reason is distinct from $2 and lifted_at is null`,
    [cause, reason, isoTime(deps.at)],
  );
  const points = reason === null ? 0 : deps.weights[reason];
  const keys = await scorableKeys(sql, 'incident_id', incidentId, deps.identityLimit);
  if (reason !== null && points > 0) {
    for (const key of keys) changed += await note(sql, { ...key, reason, points, cause, at: deps.at });
  }
  if (reason === null && isRealKind(incident.kind)) changed += await forgive(sql, keys, deps.at);
  if (changed > 0) await notify(sql);
}

/** Whoever reports a real incident called in earnest: his short calls and repeats of before were no nuisance. */
async function forgive(sql: Sql, keys: readonly NuisanceKey[], at: number): Promise<number> {
  let lifted = 0;
  for (const { kind, key } of keys) {
    lifted += await sql.execute(
      `update nuisance_contributions set lifted_at = $3, lifted_by = '${corrected}', lift_reason = 'a real incident'
       where key_kind = $1 and key = $2 and reason in ('short-call', 'repeat') and lifted_at is null
         and at > $3::timestamptz - make_interval(mins => ${repeatMinutes})`,
      [kind, key, isoTime(at)],
    );
  }
  return lifted;
}

const counted = z.object({ calls: z.number(), real: z.boolean(), talked: z.boolean() });

/** Notes a call that ended: a short one, and one too many within some minutes of which none became an incident. */
export async function scoreCall(
  sql: Sql,
  call: { callId: string; at: number; short: boolean },
  deps: { weights: NuisanceWeights; identityLimit: number },
): Promise<void> {
  const { callId, at } = call;
  const { weights } = deps;
  let changed = 0;
  for (const key of await scorableKeys(sql, 'id', callId, deps.identityLimit)) {
    const base = { ...key, at, cause: `call:${callId}` };
    if (call.short && weights.shortCall > 0) {
      changed += await note(sql, { ...base, reason: 'short-call', points: weights.shortCall });
    }
    if (weights.repeat > 0 && (await isRepeat(sql, key))) {
      changed += await note(sql, { ...base, reason: 'repeat', points: weights.repeat });
    }
  }
  if (changed > 0) await notify(sql);
}

/** Whoever was never answered calls again for want of an answer: that is no nuisance. */
async function isRepeat(sql: Sql, { callId, kind, key }: NuisanceKey & { callId: string }): Promise<boolean> {
  const column = kind === 'number' ? 'e164' : 'imei';
  const row = await sql.first(
    counted,
    `select count(*)::int as calls, coalesce(bool_or(i.kind = any($3)), false) as real,
       coalesce(bool_or(c.first_talk_at is not null), false) as talked
     from calls c join incidents i on i.id = c.incident_id, (select arrived_at from calls where id = $1) as this
     where c.${column} = $2 and c.arrived_at <= this.arrived_at
       and c.arrived_at > this.arrived_at - make_interval(mins => ${repeatMinutes})`,
    [callId, key, realKinds],
  );
  return row !== undefined && row.calls > repeatCalls && row.talked && !row.real;
}

/** Notes one thing once. What a correction lifted counts again should it prove right after all; what a person lifted stays so. */
async function note(
  sql: Sql,
  one: NuisanceKey & { callId: string; reason: NuisanceReason; points: number; at: number; cause: string },
): Promise<number> {
  return sql.execute(
    `insert into nuisance_contributions as n (key_kind, key, reason, points, at, call_id, cause)
     values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (key_kind, key, reason, cause) do update set lifted_at = null, lifted_by = null, lift_reason = null
       where n.lifted_by = '${corrected}' and n.cause like 'incident:%'`,
    [one.kind, one.key, one.reason, one.points, isoTime(one.at), one.callId, one.cause],
  );
}

/** A person lifts all that counts against a number or phone; answers how many things that were. */
export async function liftKey(
  sql: Sql,
  { kind, key }: NuisanceKey,
  by: { tokenId: string; reason: string; at: number },
): Promise<number> {
  const lifted = await sql.execute(
    `update nuisance_contributions set lifted_at = $3, lifted_by = $4, lift_reason = $5
     where key_kind = $1 and key = $2 and lifted_at is null`,
    [kind, key, isoTime(by.at), by.tokenId, by.reason],
  );
  if (lifted > 0) await notify(sql);
  return lifted;
}

async function notify(sql: Sql): Promise<void> {
  await sql.execute('select pg_notify($1, $2)', [nuisanceChannel, '']);
}

const contributionRow = z.object({
  kind: z.enum(['number', 'imei']),
  key: z.string(),
  reason: z.enum(nuisanceReasons),
  points: z.number(),
  at: millisecondsColumn,
  callId: z.string(),
});
const contributionColumns = `n.key_kind as kind, n.key, n.reason, n.points, n.at, n.call_id as "callId"`;

// In floating point: PostgreSQL's exact numbers are a hundred times slower here.
const pointsNow = `sum(points * power(0.5::float8, greatest(0, extract(epoch from $1::timestamptz - at)::float8) / 3600 / $3::float8))`;

/** Everything that counts against the keys whose score is at least `from`, the highest first, 5,000 keys at most. */
export function readScored(
  sql: Sql,
  {
    at,
    halfLifeHours,
    from,
    identityLimit,
  }: { at: number; halfLifeHours: number; from: number; identityLimit: number },
): Promise<Contribution[]> {
  return sql.rows(
    contributionRow,
    `with scored as (
       select key_kind, key from nuisance_contributions
       where lifted_at is null and at > $1::timestamptz - make_interval(hours => $2::int * ${halfLives})
       group by key_kind, key
       having ${pointsNow} >= $4 order by ${pointsNow} desc, key limit ${keysKept}
     ), naming as materialized (
       -- Once for each key, not for each thing noted against it.
       select key_kind, key from scored n
       where (case when n.key_kind = 'number' then ${identitiesOf('number', 'n.key')} else ${identitiesOf('imei', 'n.key')} end) <= $5
     )
     select ${contributionColumns} from nuisance_contributions n join naming using (key_kind, key)
     where n.lifted_at is null and n.at > $1::timestamptz - make_interval(hours => $2::int * ${halfLives})
     order by n.key_kind, n.key, n.at desc, n.id`,
    [isoTime(at), Math.ceil(halfLifeHours), halfLifeHours, from, identityLimit],
  );
}

const listedRow = contributionRow.extend({
  liftedAt: z
    .date()
    .nullable()
    .transform((at) => at?.getTime() ?? null),
  liftedBy: z.string().nullable(),
  liftReason: z.string().nullable(),
});
type ListedContribution = z.output<typeof listedRow>;

/** Everything ever noted against a number or phone, the lifted too, newest first, 500 at most. */
export function readContributions(sql: Sql, { kind, key }: NuisanceKey): Promise<ListedContribution[]> {
  return sql.rows(
    listedRow,
    `select ${contributionColumns}, n.lifted_at as "liftedAt", n.lifted_by as "liftedBy", n.lift_reason as "liftReason"
     from nuisance_contributions n where key_kind = $1 and key = $2 order by at desc, id desc limit 500`,
    [kind, key],
  );
}
