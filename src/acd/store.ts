import { z } from 'zod';
import { violatedConstraint } from '../platform/postgres-errors.ts';
import type { Sql } from '../platform/postgres.ts';
import { storedDesk, storedOperator, type StoredDesk, type StoredOperator, type StoredPeople } from './desk.ts';
import type { ServiceTally } from './service-level.ts';

/** NOTIFY on it tells every process that operators or desks changed. */
export const operatorsChannel = 'siaga_operators';

const operatorColumns = `id, name, extension, tier, skills, languages, pin_digest as "pinDigest"`;
const deskColumns = `id, name, account, password_digest as "passwordDigest", transport, media, owner`;

/** Everybody and every desk, in a fixed order. */
export async function readPeople(sql: Sql): Promise<StoredPeople> {
  // Operators first: of who is made between the two his desk is known before himself, and never he without it.
  const operators = await sql.rows(storedOperator, `select ${operatorColumns} from operators order by extension`);
  const desks = await sql.rows(storedDesk, `select ${deskColumns} from desks order by created_at, id`);
  return { operators, desks };
}

/** The columns that the version before this one reads. */
interface FormerAccount {
  account: string;
  passwordDigest: string;
}

/** False when another operator has the extension. */
export async function insertOperator(
  sql: Sql,
  operator: StoredOperator,
  former: FormerAccount,
  at: number,
): Promise<boolean> {
  const { id, name, extension, tier, skills, languages, pinDigest } = operator;
  try {
    await sql.execute(
      `insert into operators (id, name, extension, tier, skills, languages, pin_digest, account, password_digest, created_at)
       values ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)`,
      [id, name, extension, tier, skills, languages, pinDigest, former.account, former.passwordDigest, new Date(at)],
    );
  } catch (error) {
    if (violatedConstraint(error) === 'operators_extension_key') return false;
    throw error;
  }
  await tell(sql, id);
  return true;
}

type Changes<T> = { [K in keyof T]?: T[K] | undefined };

/** Changes what is given; the operator as he is now, or undefined if there is none. */
export async function updateOperator(
  sql: Sql,
  id: string,
  change: Changes<Omit<StoredOperator, 'id' | 'extension'>>,
): Promise<StoredOperator | undefined> {
  const { name, tier, skills, languages, pinDigest } = change;
  const row = await sql.first(
    storedOperator,
    `update operators set name = coalesce($2, name), tier = coalesce($3, tier), skills = coalesce($4, skills),
       languages = coalesce($5, languages), pin_digest = coalesce($6, pin_digest), version = version + 1
     where id = $1 returning ${operatorColumns}`,
    [id, name ?? null, tier ?? null, skills ?? null, languages ?? null, pinDigest ?? null],
  );
  await tell(sql, id);
  return row;
}

/** Deletes a person, whose name stays for the reports, and frees his own desk of him. False if there was none. */
export async function deleteOperator(sql: Sql, id: string): Promise<boolean> {
  const deleted = await sql.execute(
    `with gone as (delete from operators where id = $1 returning id, name, extension)
     insert into former_operators (id, name, extension) select id, name, extension from gone`,
    [id],
  );
  await sql.execute('update desks set owner = null where owner = $1', [id]);
  await tell(sql, id);
  return deleted > 0;
}

export async function insertDesk(sql: Sql, desk: StoredDesk, at: number): Promise<void> {
  const { id, name, account, passwordDigest, transport, media, owner } = desk;
  await sql.execute(
    `insert into desks (id, name, account, password_digest, transport, media, owner, created_at)
     values ($1,$2,$3,$4,$5,$6,$7,$8)`,
    [id, name, account, passwordDigest, transport, media, owner, new Date(at)],
  );
  await tell(sql, id);
}

/** Changes what is given; the desk as it is now, or undefined if there is none. */
export async function updateDesk(
  sql: Sql,
  id: string,
  change: Changes<Pick<StoredDesk, 'name' | 'transport' | 'media' | 'passwordDigest'>>,
): Promise<StoredDesk | undefined> {
  const { name, transport, media, passwordDigest } = change;
  const row = await sql.first(
    storedDesk,
    `update desks set name = coalesce($2, name), transport = coalesce($3, transport), media = coalesce($4, media),
       password_digest = coalesce($5, password_digest)
     where id = $1 returning ${deskColumns}`,
    [id, name ?? null, transport ?? null, media ?? null, passwordDigest ?? null],
  );
  if (row !== undefined && passwordDigest !== undefined) {
    await sql.execute('update operators set password_digest = $2 where account = $1', [row.account, passwordDigest]);
  }
  await tell(sql, id);
  return row;
}

/** The desk that was deleted, or undefined if there was none. */
export async function deleteDesk(sql: Sql, id: string): Promise<StoredDesk | undefined> {
  const row = await sql.first(storedDesk, `delete from desks where id = $1 returning ${deskColumns}`, [id]);
  await tell(sql, id);
  return row;
}

async function tell(sql: Sql, id: string): Promise<void> {
  await sql.execute('select pg_notify($1, $2)', [operatorsChannel, id]);
}

const handledCall = z.object({
  callId: z.string(),
  arrivedAt: z.date().transform(Number),
  at: z.date().transform(Number),
  answered: z.boolean(),
});

const talkedOrLeft = 'coalesce(first_talk_at, ended_at)';
// No call lasts a day: without a first day, all calls of a switchboard would be looked at.
const handledFrom = `arrived_at >= $1::timestamptz - interval '1 day' and ${talkedOrLeft} >= $1
       and (first_talk_at is not null or outcome = 'abandoned')`;

/** Calls whose wait ended from then on (epoch milliseconds), 50,000 at most, the latest. */
export function handledSince(sql: Sql, since: number): Promise<z.output<typeof handledCall>[]> {
  return sql.rows(
    handledCall,
    `select id as "callId", arrived_at as "arrivedAt", ${talkedOrLeft} as at, first_talk_at is not null as answered
     from calls where ${handledFrom}
     order by arrived_at desc limit 50000`,
    [new Date(since)],
  );
}

/** Calls whose wait ended from `from` to before `to` (epoch milliseconds), counted as `tallyOf` does. */
export async function countHandled(sql: Sql, from: number, to: number): Promise<ServiceTally> {
  const counts = await sql.rows(
    z.object({ seconds: z.number().nullable(), count: z.number() }),
    `select case when first_talk_at is not null
         then greatest(0, ceil(extract(epoch from first_talk_at - arrived_at)))::int end as seconds, count(*)::int
     from calls where ${handledFrom} and ${talkedOrLeft} < $2
     group by 1`,
    [new Date(from), new Date(to)],
  );
  const answered = counts.flatMap(({ seconds, count }) => (seconds === null ? [] : [[seconds, count] as const]));
  return { answered: new Map(answered), abandoned: counts.find(({ seconds }) => seconds === null)?.count ?? 0 };
}
