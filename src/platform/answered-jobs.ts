import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import { pause, type Cancel, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';
import { createQueue } from './queues.ts';

/** Jobs whose result their producer waits for. */
export interface AnsweredJobs<Job extends object, Result> {
  /** Runs a job through BullMQ, or in line while Redis is away. Resolves a moment after its expiry at the latest. */
  run(name: string, job: Job, options: { jobId: string; expiresAt: number; inLine?: boolean }): Promise<Result>;
  /** Waits for what another process has put in the queue; resolves with its result also when it has been done already. */
  follow(jobId: string, expiresAt: number): Promise<Result>;
  close(): Promise<void>;
}

/** After the expiry a result may still be on its way. */
const grace = 250;

/** `Result` is what a worker's handler resolves to, as JSON; `expired` and `broken` are given where there is none. */
export function createAnsweredJobs<Job extends object, Schema extends z.ZodType>(deps: {
  queue: string;
  producer: Redis;
  /** A connection that may block: results are read from a stream. */
  events: Redis;
  prefix: string;
  clock: Clock;
  logger: Logger;
  schema: Schema;
  expired: () => z.output<Schema>;
  broken: (reason: string) => z.output<Schema>;
  /** Does here what a worker would do. */
  here: (job: Job) => Promise<z.output<Schema>>;
  /** Counts how the jobs went: through the queue, or in line. */
  counted: (way: 'queue' | 'in-line') => void;
}): AnsweredJobs<Job, z.output<Schema>> {
  type Result = z.output<Schema>;
  const { clock, logger } = deps;
  const queue = createQueue(deps.queue, { connection: deps.producer, prefix: deps.prefix, logger, clock });
  const waiting = new Map<string, { resolve: (result: Result) => void; cancel: Cancel }>();

  // A reader of results that has failed once stays silent for ever: another takes its place.
  let closed = false;
  let events = listen();
  function listen(): QueueEvents {
    const made = new QueueEvents(deps.queue, { connection: deps.events, prefix: deps.prefix, autorun: false });
    made.on('error', (error) => logger.debug({ err: error, queue: deps.queue }, 'results of jobs'));
    made.on('completed', ({ jobId, returnvalue }) => settle(jobId, read(returnvalue)));
    made.on('failed', ({ jobId, failedReason }) => settle(jobId, deps.broken(failedReason)));
    made
      .run()
      .catch((error: unknown) =>
        logger.warn({ err: error, queue: deps.queue }, 'the results of jobs cannot be read; trying again'),
      )
      .finally(() => {
        if (closed) return;
        made.close().catch((error: unknown) => logger.debug({ err: error }, 'closing a silent reader'));
        clock.after(500, () => {
          if (!closed) events = listen();
        });
      });
    return made;
  }

  const read = (value: unknown): Result => {
    const parsed = deps.schema.safeParse(typeof value === 'string' ? JSON.parse(value) : value);
    return parsed.success ? parsed.data : deps.broken('the worker answered something unreadable');
  };

  const settle = (jobId: string, result: Result): void => {
    const waiter = waiting.get(jobId);
    if (waiter === undefined) return;
    waiting.delete(jobId);
    waiter.cancel();
    waiter.resolve(result);
  };

  const wait = (jobId: string, expiresAt: number): Promise<Result> =>
    new Promise<Result>((resolve) => {
      const ms = Math.max(0, expiresAt - clock.now()) + grace;
      const cancel = clock.after(ms, () => settle(jobId, deps.expired()));
      waiting.set(jobId, { resolve, cancel });
    });

  return {
    async run(name, job, { jobId, expiresAt, inLine = false }) {
      const result = wait(jobId, expiresAt);
      const added = inLine
        ? { taken: false as const, reason: 'an earlier job was lost, or Redis does not answer' }
        : await queue.add(name, job, { jobId, attempts: 1 });
      if (added.taken) {
        deps.counted('queue');
        return result;
      }
      logger.warn({ queue: deps.queue, jobId, reason: added.reason }, 'a job is done in line');
      deps.counted('in-line');
      settle(jobId, await deps.here(job));
      return result;
    },
    async follow(jobId, expiresAt) {
      const result = wait(jobId, expiresAt);
      if (deps.producer.status === 'ready') {
        const job = await queue
          .raw()
          .getJob(jobId)
          .catch((error: unknown) => {
            logger.debug({ err: error, jobId }, 'an earlier job cannot be looked at');
            return undefined;
          });
        if (job?.finishedOn !== undefined) {
          settle(jobId, job.failedReason ? deps.broken(job.failedReason) : read(job.returnvalue));
        }
      }
      return result;
    },
    async close() {
      closed = true;
      for (const [jobId] of waiting) settle(jobId, deps.expired());
      await queue.close();
      // With Redis away the reader would wait for it.
      await Promise.race([events.close(), pause(clock, 500)]);
    },
  };
}
