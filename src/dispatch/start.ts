import { Counter } from 'prom-client';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../platform/redis.ts';
import type { Route } from '../platform/route.ts';
import type { RingJob, RingResult } from './dispatch.ts';
import { createRingJobs } from './jobs.ts';
import { dispatchRoutes, findDispatch, type DispatchRouteDeps } from './routes.ts';
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
  const jobs = createRingJobs({
    ...deps,
    node: config.SIAGA_NODE,
    prefix: config.SIAGA_QUEUE_PREFIX,
    producer,
    events,
    counted: (way) => rings.inc({ way }),
  });
  return {
    ring: (job) => jobs.ring(job),
    redisUp: () => producer.status === 'ready',
    async stop() {
      await jobs.close();
      closeConnection(producer);
      closeConnection(events);
    },
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
  health: () => { ready: boolean; parts: Record<string, string> };
  stop: () => Promise<void>;
} {
  const { config, application, logger } = deps;
  const connection = createWorkerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-worker` });
  const worker = startRingWorker({
    ...deps,
    node: config.SIAGA_NODE,
    prefix: config.SIAGA_QUEUE_PREFIX,
    connection,
  });
  return {
    health: () => {
      const up = connection.status === 'ready' && worker.isRunning();
      return { ready: up, parts: { redis: up ? 'up' : 'away' } };
    },
    async stop() {
      await worker.close();
      closeConnection(connection);
    },
  };
}
