import pg from 'pg';
import { z } from 'zod';
import { pause, type Clock } from './clock.ts';
import { isError } from './errors.ts';
import type { Logger } from './logger.ts';
import { startListener, type Listen } from './postgres-listen.ts';
import { isUnavailable } from './postgres-errors.ts';

export { isUnavailable } from './postgres-errors.ts';

/** SQL whose rows are checked against a schema; the same inside and outside a transaction. */
export interface Sql {
  /** Every row, parsed. */
  rows<S extends z.ZodType>(schema: S, sql: string, values?: readonly unknown[]): Promise<z.output<S>[]>;
  /** The first row, parsed, or undefined. */
  first<S extends z.ZodType>(schema: S, sql: string, values?: readonly unknown[]): Promise<z.output<S> | undefined>;
  /** Runs a statement and answers how many rows it touched. */
  execute(sql: string, values?: readonly unknown[]): Promise<number>;
}

/** What processes live on that has its home in PostgreSQL: whether each copy was read when it last should have been. */
export interface Copies {
  note(name: string, fresh: boolean): void;
  forget(name: string): void;
  /** Names of those that may have been changed since they were read. */
  stale(): string[];
}

/** A board on which copies note how fresh they are. */
export function createCopies(): Copies {
  const fresh = new Map<string, boolean>();
  return {
    note: (name, isFresh) => void fresh.set(name, isFresh),
    forget: (name) => void fresh.delete(name),
    stale: () => [...fresh].flatMap(([name, isFresh]) => (isFresh ? [] : [name])),
  };
}

/** PostgreSQL as the rooms see it. */
export interface Postgres extends Sql {
  /** Runs `fn` in one transaction; a throw rolls it back. */
  transaction<T>(fn: (sql: Sql) => Promise<T>): Promise<T>;
  /**
   * Calls `onNotify` for each NOTIFY on the channel and, with no payload, after each (re)connect: whatever
   * was missed meanwhile must be read anew then. Returns how to stop.
   */
  readonly listen: Listen;
  /** Whether the last thing tried reached the server; undefined before the first try. */
  reachable(): boolean | undefined;
  /** The copies of what is in it that this process holds. */
  readonly copies: Copies;
  close(): Promise<void>;
}

interface PostgresOptions {
  readonly applicationName: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Most connections at once; 10 unless told. */
  readonly max?: number;
}

const statementTimeoutMs = 5_000;
const closeLimitMs = 2_000;

/** A pool that never throws out of an idle connection and gives up on a server that hangs. */
export function createPostgres(url: string, options: PostgresOptions): Postgres {
  const { logger } = options;
  const connection = {
    connectionString: url,
    application_name: options.applicationName,
    statement_timeout: statementTimeoutMs,
    // The server's own timeout never fires in a server that is frozen: this one does.
    query_timeout: statementTimeoutMs + 1_000,
    idle_in_transaction_session_timeout: 10_000,
    connectionTimeoutMillis: 2_000,
    keepAlive: true,
  };
  const pool = new pg.Pool({ ...connection, max: options.max ?? 10, idleTimeoutMillis: 30_000 });
  let reachable: boolean | undefined;
  const note = (now: boolean, error?: unknown): void => {
    if (reachable === now) return;
    reachable = now;
    if (now) logger.info('PostgreSQL is reachable');
    else logger.error({ err: error }, 'PostgreSQL is away');
  };
  const watched = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      const result = await work();
      note(true);
      return result;
    } catch (error) {
      if (isUnavailable(error)) note(false, error);
      throw error;
    }
  };
  pool.on('error', (error) => note(false, error));
  // Errors of a connection in use reach whoever uses it; without a listener they would also end the process.
  pool.on('connect', (client) =>
    client.on('error', (error) => logger.debug({ err: error }, 'PostgreSQL connection lost')),
  );

  const listener = startListener(connection, { logger, clock: options.clock });
  return {
    ...sqlOver((text, values) => watched(() => pool.query(text, values))),
    transaction: (fn) => watched(() => inTransaction(pool, fn)),
    listen: listener.listen,
    reachable: () => reachable,
    copies: createCopies(),
    async close() {
      // A frozen server never says goodbye; stopping does not wait for it.
      const goodbye = Promise.allSettled([listener.close(), pool.end()]);
      await Promise.race([goodbye, pause(options.clock, closeLimitMs)]);
    },
  };
}

interface Answer {
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

function sqlOver(query: (text: string, values: unknown[]) => Promise<Answer>): Sql {
  return {
    rows: async (schema, sql, values = []) => z.array(schema).parse((await query(sql, [...values])).rows),
    first: async (schema, sql, values = []) => {
      const row = (await query(sql, [...values])).rows[0];
      return row === undefined ? undefined : schema.parse(row);
    },
    execute: async (sql, values = []) => (await query(sql, [...values])).rowCount ?? 0,
  };
}

async function inTransaction<T>(pool: pg.Pool, fn: (sql: Sql) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query('BEGIN');
    const result = await fn(sqlOver((text, values) => client.query(text, values)));
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (isUnavailable(error)) broken = isError(error) ? error : new Error(String(error));
    else
      await client
        .query('ROLLBACK')
        .catch((failure: unknown) => (broken = new Error('rollback failed', { cause: failure })));
    throw error;
  } finally {
    // A connection that failed is thrown away; a sound one goes back to the pool.
    client.release(broken);
  }
}
