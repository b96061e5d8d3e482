import type { Redis } from 'ioredis';
import type { AriCommands } from '../asterisk/commands.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createWorker, type JobWorker } from '../platform/queues.ts';
import { ringJobSchema, ringQueueName } from './jobs.ts';
import { ringTrunk } from './ring.ts';

/** Runs the ring jobs of a node, each named by its mode. A job ends when Asterisk has taken the originate. */
export function startRingWorker(deps: {
  node: string;
  connection: Redis;
  prefix: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
}): JobWorker {
  const { clock, logger, ari } = deps;
  return createWorker(
    ringQueueName(deps.node),
    async ({ data, name }) => {
      const ring = await ringTrunk(ari, data, clock.now());
      logger.info({ job: name, attemptId: data.attemptId, callId: data.callId, ring: ring.result }, 'ring job done');
      return ring;
    },
    { connection: deps.connection, prefix: deps.prefix, clock, logger, schema: ringJobSchema, concurrency: 50 },
  );
}
