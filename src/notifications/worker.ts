import type { Redis } from 'ioredis';
import type { Logger } from '../platform/logger.ts';
import { createWorker, type JobWorker } from '../platform/queues.ts';
import { carryOut, type CarryOutDeps } from './carry-out.ts';
import { notifyJobSchema, notifyQueueName } from './jobs.ts';

/** Sends what the controllers of a node put in the queue. */
export function startNotifyWorker(
  deps: CarryOutDeps & { node: string; connection: Redis; prefix: string; logger: Logger },
): JobWorker {
  const { logger } = deps;
  const run = carryOut(deps);
  return createWorker(
    notifyQueueName(deps.node),
    async ({ data }) => {
      const done = await run(data);
      logger.info({ attemptId: data.attemptId, channel: data.type, result: done.result }, 'notification job done');
      return done;
    },
    { ...deps, schema: notifyJobSchema, concurrency: 50 },
  );
}
