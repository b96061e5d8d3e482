import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createQueue, createWorker } from '../platform/queues.ts';

const wakeJob = z.object({ callbackId: z.string() });

/** One delayed job for each try to call back; it does nothing but wake who makes the calls. */
export interface CallbackJobs {
  /** Never throws for Redis: with it away the sweep wakes instead. */
  add(one: { readonly id: string; readonly tries: number; readonly at: number }): Promise<void>;
  stop(): Promise<void>;
}

export function createCallbackJobs(deps: {
  node: string;
  prefix: string;
  producer: Redis;
  /** A connection that may block. */
  worker: Redis;
  clock: Clock;
  logger: Logger;
  due: () => void;
}): CallbackJobs {
  const { clock, logger, prefix } = deps;
  const name = `siaga-callbacks-${deps.node}`;
  const queue = createQueue(name, { connection: deps.producer, prefix, clock, logger });
  const worker = createWorker(
    name,
    () => {
      deps.due();
      return Promise.resolve(null);
    },
    { connection: deps.worker, prefix, clock, logger, schema: wakeJob, concurrency: 1 },
  );
  return {
    async add({ id, tries, at }) {
      const delayMs = Math.max(0, at - clock.now());
      const jobId = `callback-${id}-${tries}-${at}`;
      const added = await queue.add('wake', { callbackId: id }, { jobId, delayMs, attempts: 1 });
      if (!added.taken) logger.debug({ reason: added.reason }, 'no job for a callback: the sweep will find it');
    },
    async stop() {
      await worker.close(1_000);
      await queue.close();
    },
  };
}
