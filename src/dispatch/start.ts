import { Counter } from 'prom-client';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Config } from '../config.ts';
import type { DispatchTold } from '../notifications/notification.ts';
import type { Clock } from '../platform/clock.ts';
import { createKeptWrites } from '../platform/keep-writing.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { closeConnection, createProducerConnection, createWorkerConnection, watchRedis } from '../platform/redis.ts';
import type { Postgres } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { CallRunner } from '../calls/runner.ts';
import type { RingJob, RingResult } from './dispatch.ts';
import { createRingJobs } from './jobs.ts';
import { dispatchRoutes, findDispatch, type DispatchRouteDeps } from './routes.ts';
import { endTold } from './store.ts';
import { startRingWorker } from './worker.ts';

interface DispatchDeps {
  config: Config;
  application: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
}

/** The controller's side of the ring jobs: puts them in the queue, or rings in line while Redis is away. */
export function startDispatch(deps: DispatchDeps): {
  ring: (job: RingJob) => Promise<RingResult>;
  redisUp: () => boolean;
  stop: () => Promise<void>;
} {
  const { config, application, logger } = deps;
  const rings = new Counter({
    name: 'siaga_agency_rings_total',
    help: 'Trunks rung, through the queue or in line while Redis was away',
    labelNames: ['way'],
    registers: [deps.metrics.registry],
  });
  const producer = createProducerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-producer` });
  const events = createWorkerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-events` });
  const redis = watchRedis(producer, deps);
  const jobs = createRingJobs({
    ...deps,
    node: config.SIAGA_NODE,
    prefix: config.SIAGA_QUEUE_PREFIX,
    producer,
    events,
    redisUp: redis.answers,
    counted: (way) => rings.inc({ way }),
  });
  return {
    ring: (job) => jobs.ring(job),
    redisUp: redis.answers,
    async stop() {
      redis.stop();
      await jobs.close();
      closeConnection(producer);
      closeConnection(events);
    },
  };
}

/** What came of so many messages waits for PostgreSQL at most. */
const mostTold = 1_000;

/**
 * Hands what came of a message to an agency to the call whose dispatch it was; with the call gone from here, to the record.
 */
export function toldToCalls(deps: {
  runner: Pick<CallRunner, 'all' | 'tell'>;
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
}): { readonly told: (told: DispatchTold) => void; readonly stop: () => Promise<void> } {
  const { runner, clock, logger } = deps;
  const records = createKeptWrites<{ told: DispatchTold; at: number }>({
    ...{ clock, logger, most: mostTold, what: 'ends of messages to agencies' },
    write: ({ told, at }) => endTold(deps.postgres, told, at),
    lose: ({ told: { dispatchId, outcome } }, error) =>
      logger.error({ err: error, dispatchId, outcome }, 'what came of a message to an agency is in this log alone'),
  });
  return {
    told(told) {
      const call = runner.all().find(({ dispatches }) => dispatches.some(({ id }) => id === told.dispatchId));
      const at = clock.now();
      if (call === undefined) records.keep({ told, at });
      else runner.tell(call.id, { type: 'notified', at, ...told });
    },
    stop: records.stop,
  };
}

/** Dispatches over REST. */
export function dispatchRoom(deps: DispatchRouteDeps): {
  readonly routes: Route[];
  readonly find: (dispatchId: string) => ReturnType<typeof findDispatch>;
} {
  return { routes: dispatchRoutes(deps), find: (dispatchId) => findDispatch(deps, dispatchId) };
}

/** The worker's side: rings what the controllers of the node put in the queue. */
export function startDispatchWorker(deps: DispatchDeps): {
  /** Redis answers, and jobs are taken from it. */
  takesJobs: () => boolean;
  stop: () => Promise<void>;
} {
  const { config, application, logger } = deps;
  const connection = createWorkerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-worker` });
  const redis = watchRedis(connection, deps);
  const worker = startRingWorker({
    ...deps,
    node: config.SIAGA_NODE,
    prefix: config.SIAGA_QUEUE_PREFIX,
    connection,
  });
  return {
    takesJobs: () => redis.answers() && worker.isRunning(),
    async stop() {
      redis.stop();
      await worker.close();
      closeConnection(connection);
    },
  };
}
