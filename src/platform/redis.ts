import { Redis, type RedisOptions } from 'ioredis';
import type { Clock } from './clock.ts';
import type { Logger } from './logger.ts';

const longestRetryMs = 1_000;

interface RedisDeps {
  readonly logger: Logger;
  /** Shown by Redis's CLIENT LIST. */
  readonly name: string;
}

/**
 * For adding jobs and for presence: fails within half a second when Redis is away or frozen, and queues nothing
 * up. A command that failed by its timeout may still run once Redis wakes.
 */
export function createProducerConnection(url: string, deps: RedisDeps): Redis {
  return connect(url, deps, { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 500 });
}

/** For BullMQ workers, which block on it: it waits for Redis as long as that takes, and has no command timeout. */
export function createWorkerConnection(url: string, deps: RedisDeps): Redis {
  return connect(url, deps, { maxRetriesPerRequest: null });
}

type Manner = Pick<RedisOptions, 'enableOfflineQueue' | 'maxRetriesPerRequest' | 'commandTimeout'>;

function connect(url: string, { logger, name }: RedisDeps, options: Manner): Redis {
  const redis = new Redis(url, {
    ...options,
    connectTimeout: 1_000,
    retryStrategy: (times) => Math.min(times * 100, longestRetryMs),
    connectionName: name,
  });
  let up: boolean | undefined;
  redis.on('ready', () => {
    if (up !== true) logger.info({ connection: name }, 'Redis is reachable');
    up = true;
  });
  const away = (error?: unknown): void => {
    if (up !== false) logger.error({ connection: name, err: error }, 'Redis is away');
    up = false;
  };
  // ioredis reports each failed retry: only the change is news.
  redis.on('error', away);
  redis.on('close', () => {
    if (redis.status !== 'end') away();
  });
  return redis;
}

const askEvery = 1_000;
const answerLimit = 1_500;

/**
 * Asks every second whether Redis answers on a connection: one that is frozen keeps its connections. `answers` is false
 * without a connection, or when nothing has been answered for a second and a half.
 */
export function watchRedis(
  redis: Redis,
  { clock, logger }: { clock: Clock; logger: Logger },
): { answers: () => boolean; stop: () => void } {
  let unansweredSince: number | null = null;
  let asking = false;
  const ask = (): void => {
    if (redis.status !== 'ready' || asking) return;
    asking = true;
    unansweredSince ??= clock.monotonic();
    redis
      .ping()
      .then(() => (unansweredSince = null))
      .catch((error: unknown) => logger.debug({ err: error }, 'Redis did not answer'))
      .finally(() => (asking = false));
  };
  const stop = clock.every(askEvery, ask);
  return {
    answers: () =>
      redis.status === 'ready' && (unansweredSince === null || clock.monotonic() - unansweredSince < answerLimit),
    stop,
  };
}

/** Closes without waiting for a server that may not answer. */
export function closeConnection(redis: Redis): void {
  redis.removeAllListeners('close');
  redis.disconnect();
}
