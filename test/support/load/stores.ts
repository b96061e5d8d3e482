import { join } from 'node:path';
import { Redis } from 'ioredis';
import {
  reservePorts,
  startPostgres,
  startRedis,
  type PostgresHandle,
  type RedisHandle,
} from '../../../scripts/runtime.mjs';
import { until } from '../rest.ts';
import { directoryOfRun, toolsOfRun } from '../run.ts';

/** A PostgreSQL and a Redis that one load has for itself, and may break. */
export class Stores {
  redis: RedisHandle;
  postgres: PostgresHandle;
  readonly #redisAgain: () => Promise<RedisHandle>;
  readonly #postgresAgain: () => Promise<PostgresHandle>;

  private constructor(
    handles: { redis: RedisHandle; postgres: PostgresHandle },
    again: { redis: () => Promise<RedisHandle>; postgres: () => Promise<PostgresHandle> },
  ) {
    this.redis = handles.redis;
    this.postgres = handles.postgres;
    this.#redisAgain = again.redis;
    this.#postgresAgain = again.postgres;
  }

  /** Whoever owns them calls what `own` was given, also when the start failed. */
  static async start(name: string, own: (stop: () => void | Promise<void>) => void): Promise<Stores> {
    const ports = await reservePorts();
    own(() => ports.release());
    const shared = { directory: join(directoryOfRun(), `${name}-servers`), tools: toolsOfRun() };
    const again = {
      redis: () => startRedis({ ...shared, port: ports.redis }),
      postgres: () => startPostgres({ ...shared, port: ports.postgres, durable: false }),
    };
    const redis = await again.redis();
    own(() => redis.stop());
    const postgres = await again.postgres();
    own(() => postgres.stop());
    const stores = new Stores({ redis, postgres }, again);
    own(() => Promise.all([stores.redis.stop(), stores.postgres.stop()]).then(() => undefined));
    return stores;
  }

  get servers(): { redis: string; postgres: string } {
    return { redis: this.redis.url, postgres: this.postgres.url };
  }

  async restartRedis(): Promise<void> {
    this.redis = await this.#redisAgain();
  }

  /** What a killed PostgreSQL leaves running ends by itself, and until then no other may have its data. */
  async restartPostgres(): Promise<void> {
    await until('PostgreSQL is there again', () =>
      this.#postgresAgain().then(
        (postgres) => {
          this.postgres = postgres;
          return true;
        },
        () => false,
      ),
    );
  }

  /** Sends Redis one command. */
  async command(name: string, ...rest: string[]): Promise<void> {
    const client = new Redis(this.redis.url, { maxRetriesPerRequest: 1 });
    try {
      await client.call(name, ...rest);
    } finally {
      client.disconnect();
    }
  }
}
