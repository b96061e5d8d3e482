import { z } from 'zod';
import type { Cancel, Clock } from './clock.ts';
import { everyTurn } from './every-turn.ts';
import type { Logger } from './logger.ts';
import type { Mailboxes } from './mailboxes.ts';
import { isUnavailable, type Postgres, type Sql } from './postgres.ts';

/** What a look at the table brought: machines that are this process's now, and rows that it cannot read. */
interface Taken<State> {
  readonly states: readonly State[];
  /** They stay with whoever can read them. */
  readonly unreadable: readonly string[];
}

/**
 * A table of machines of which each has one owner. Rows come from the journal, the latest state of the latest owner; an owner
 * that says nothing for the length of its lease is taken for dead.
 */
export interface Leases<State> {
  /** Says that this process goes on with its own, and answers which of `held` belong to somebody else by now. */
  renew(sql: Sql, owner: string, held: readonly string[]): Promise<string[]>;
  /**
   * Rows of this process with which it has never gone on: the answer to a COMMIT or to a claim was lost, or there was no room.
   * Who finds one that was taken here meanwhile leaves it alone.
   */
  unopened(sql: Sql, owner: string, limit: number): Promise<Taken<State>>;
  /** Takes over what nobody goes on with; each is given to one process only. `at` orders its owners. */
  forsaken(
    sql: Sql,
    by: { owner: string; at: number },
    limit: number,
    except: readonly string[],
  ): Promise<Taken<State>>;
  /** Takes over one of an owner who is known to be dead; undefined: it is not his any more, or over. */
  ofDead(sql: Sql, by: { owner: string; at: number }, one: { id: string; owner: string }): Promise<State | undefined>;
}

const ids = z.object({ id: z.string() });
const row = z.object({ id: z.string(), content: z.unknown(), claimedAt: z.coerce.number() });
const columns = 'id::text, content, claimed_at as "claimedAt"';

/** The leases of a table with the columns `id, ended_at, content, owner, claimed_at, sequence, lease_until`. */
export function leasesOf<State>(of: {
  table: string;
  /** The column by which the oldest are taken first. */
  since: string;
  seconds: number;
  schema: z.ZodType<State>;
  /** The state as its new owner has it: the row's content is of the one before. */
  owned: (state: State, owner: string, claimedAt: number) => State;
}): Leases<State> {
  const { table, since, seconds, schema } = of;

  /** Row by row: one that cannot be read costs none but itself. */
  const read = (rows: readonly z.output<typeof row>[], owner: string): Taken<State> => {
    const states: State[] = [];
    const unreadable: string[] = [];
    for (const { id, content, claimedAt } of rows) {
      const parsed = schema.safeParse(content);
      if (parsed.success) states.push(of.owned(parsed.data, owner, claimedAt));
      else unreadable.push(id);
    }
    return { states, unreadable };
  };

  /** `where` has two values. What cannot be read is not taken: another process may know how. */
  const claim = async (
    sql: Sql,
    { owner, at }: { owner: string; at: number },
    { where, values, limit }: { where: string; values: readonly [unknown, unknown]; limit: number },
  ): Promise<Taken<State>> => {
    const found = await sql.rows(
      row,
      `select ${columns} from ${table} where ended_at is null and ${where} order by ${since} limit ${limit}`,
      values,
    );
    const { unreadable } = read(found, owner);
    const readable = found.map(({ id }) => id).filter((id) => !unreadable.includes(id));
    if (readable.length === 0) return { states: [], unreadable };
    const taken = await sql.rows(
      row,
      `update ${table} t set owner = $3, claimed_at = greatest($4, t.claimed_at + 1), sequence = 0,
         lease_until = now() + make_interval(secs => ${seconds})
       from (select id from ${table} where ended_at is null and ${where} and id = any($5::uuid[])
             for update skip locked) as free
       where t.id = free.id returning t.${columns}`,
      [...values, owner, at, readable],
    );
    return { ...read(taken, owner), unreadable };
  };

  return {
    async renew(sql, owner, held) {
      await sql.execute(
        `update ${table} set lease_until = now() + make_interval(secs => ${seconds})
         where owner = $1 and ended_at is null`,
        [owner],
      );
      const lost = await sql.rows(ids, `select id::text from ${table} where id = any($1) and owner <> $2`, [
        held,
        owner,
      ]);
      return lost.map(({ id }) => id);
    },
    async unopened(sql, owner, limit) {
      // With what has gone on here the row has the number of an entry.
      const rows = await sql.rows(
        row,
        `select ${columns} from ${table} where owner = $1 and ended_at is null and sequence = 0
         order by ${since} limit ${limit}`,
        [owner],
      );
      return read(rows, owner);
    },
    forsaken: (sql, by, limit, except) =>
      claim(sql, by, {
        where: 'lease_until < now() and owner <> $1 and id <> all($2::uuid[])',
        values: [by.owner, except],
        limit,
      }),
    async ofDead(sql, by, one) {
      const { states } = await claim(sql, by, {
        where: 'id = $1 and owner = $2',
        values: [one.id, one.owner],
        limit: 1,
      });
      return states[0];
    },
  };
}

const claimedAtOnce = 100;
/** So many rows that cannot be read are known by name; of the next ones the alarm may come again. */
const knownUnreadable = 1_000;

/**
 * Sees to it that each machine on record has somebody who goes on with it: renews what this process owns, opens what it owns and
 * has never opened, and takes over what a dead one left. After PostgreSQL was away nobody is taken for dead before he could say
 * that he lives.
 */
export function watchLeases<State extends { readonly id: string; readonly endedAt: number | null }>(deps: {
  owner: string;
  leases: Leases<State>;
  postgres: Postgres;
  mailboxes: Pick<Mailboxes<State, never>, 'all' | 'get' | 'opened' | 'room' | 'forget'>;
  clock: Clock;
  logger: Logger;
  /** Milliseconds between looks; several fit into a lease. */
  every: number;
  /** So many looks in a row have found PostgreSQL before anybody is taken for dead. */
  sound: number;
  /** False while nothing can be gone on with. */
  mayTake: () => boolean;
  taken: (state: State) => void;
  /** Another process goes on with it: what only this one can give back is given back. It is forgotten right after. */
  lost?: (state: State) => void;
  alarm: (code: string, detail: Record<string, string>) => void;
}): Cancel {
  const { owner, leases, postgres, mailboxes, clock, logger } = deps;
  let sound = 0;
  const unreadable = new Set<string>();

  const readable = ({ states, unreadable: found }: Taken<State>): readonly State[] => {
    for (const id of found) {
      if (unreadable.has(id)) continue;
      unreadable.add(id);
      const oldest = unreadable.size > knownUnreadable ? unreadable.values().next().value : undefined;
      if (oldest !== undefined) unreadable.delete(oldest);
      deps.alarm('record-unreadable', { id });
    }
    return states;
  };

  const look = async (): Promise<void> => {
    const held = mailboxes.all().filter(({ endedAt }) => endedAt === null);
    const lost = await leases.renew(
      postgres,
      owner,
      held.map(({ id }) => id),
    );
    for (const id of lost) {
      logger.warn({ id }, 'another process goes on with this');
      const state = mailboxes.get(id);
      if (state !== undefined) deps.lost?.(state);
      mailboxes.forget(id);
    }
    sound += 1;
    if (!deps.mayTake() || mailboxes.room() <= 0) return;
    for (const state of readable(await leases.unopened(postgres, owner, claimedAtOnce))) {
      if (!mailboxes.opened(state.id)) deps.taken(state);
    }
    const limit = Math.min(claimedAtOnce, mailboxes.room());
    if (sound < deps.sound || limit <= 0) return;
    const by = { owner, at: clock.now() };
    for (const state of readable(await leases.forsaken(postgres, by, limit, [...unreadable]))) {
      // It was another's: what is here of it, if anything, is older.
      mailboxes.forget(state.id);
      deps.taken(state);
    }
  };

  return everyTurn(clock, deps.every, look, (error) => {
    sound = 0;
    if (!isUnavailable(error)) logger.error({ err: error }, 'what others left cannot be looked at');
  });
}
