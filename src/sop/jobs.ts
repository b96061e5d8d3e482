import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createQueue, createWorker } from '../platform/queues.ts';

const timerJob = z.object({ dispatchId: z.uuid() });

/** One delayed job for each time at which a clock is to be looked at; it knows nothing that the row does not. */
export interface SopTimers {
  /** Never throws for Redis: with it away the sweep looks instead. */
  add(timer: { readonly dispatchId: string; readonly clock: string; readonly at: number }): Promise<void>;
  stop(): Promise<void>;
}

export function createSopTimers(deps: {
  node: string;
  prefix: string;
  producer: Redis;
  /** A connection that may block. */
  worker: Redis;
  clock: Clock;
  logger: Logger;
  due: (dispatchId: string) => Promise<void>;
}): SopTimers {
  const { clock, logger, prefix } = deps;
  const name = `siaga-sop-${deps.node}`;
  const queue = createQueue(name, { connection: deps.producer, prefix, clock, logger });
  const worker = createWorker(
    name,
    async ({ data }) => {
      await deps.due(data.dispatchId);
      return null;
    },
    { connection: deps.worker, prefix, clock, logger, schema: timerJob, concurrency: 5 },
  );
  return {
    async add({ dispatchId, clock: which, at }) {
      const delayMs = Math.max(0, at - clock.now());
      const jobId = `sop-${dispatchId}-${which}-${at}`;
      const added = await queue.add('sop-timer', { dispatchId }, { jobId, delayMs, attempts: 1 });
      if (!added.taken) logger.debug({ reason: added.reason }, 'no job for a clock: the sweep will find it');
    },
    async stop() {
      await worker.close(1_000);
      await queue.close();
    },
  };
}
