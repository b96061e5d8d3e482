import { Queue, type Job, type JobsOptions } from 'bullmq';
import type { Redis } from 'ioredis';
import { pause, type Clock } from './clock.ts';
import { messageOf } from './errors.ts';
import type { Logger } from './logger.ts';

export { createWorker, type JobWorker, type ReceivedJob } from './queue-worker.ts';

/** Whether Redis took the job. Not taken means: do the work in line, or leave it to the sweep. */
type AddResult = { readonly taken: true } | { readonly taken: false; readonly reason: string };

interface AddOptions {
  /** One job per id; without ':' and not all digits (BullMQ refuses those). */
  readonly jobId: string;
  readonly delayMs?: number;
  readonly attempts?: number;
  /** First wait before another attempt; it doubles each time. */
  readonly backoffMs?: number;
}

/** A queue to add jobs to. */
export interface JobQueue {
  readonly name: string;
  /** Never throws for Redis. After `taken: false` the job may still run, once, when a frozen Redis wakes. */
  add(jobName: string, data: object, options: AddOptions): Promise<AddResult>;
  /** Takes back a job that has not begun; false if it was not there or Redis is away. */
  remove(jobId: string): Promise<boolean>;
  /** For the tests and the operators' screens; throws when Redis is away. */
  readonly raw: () => Queue;
  close(): Promise<void>;
}

interface QueueDeps {
  /** From createProducerConnection. */
  readonly connection: Redis;
  readonly prefix: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Longer than the connection's own command timeout: catches what that does not, such as a wait for readiness. */
const addLimitMs = 750;

/** Opens a queue; it does not wait for Redis. */
export function createQueue(name: string, deps: QueueDeps): JobQueue {
  const { connection, prefix, logger, clock } = deps;
  // A connection lost while BullMQ first looks at it leaves its queue failed for ever: such a one is replaced.
  let failed = false;
  const open = (): Queue => {
    failed = false;
    const made = new Queue(name, {
      connection,
      prefix,
      defaultJobOptions: {
        removeOnComplete: { age: 3_600, count: 1_000 },
        removeOnFail: { age: 86_400, count: 5_000 },
      },
    });
    // The connection reports its own state; what comes here beside that is worth a line.
    made.on('error', (error) => logger.debug({ err: error, queue: name }, 'queue error'));
    made.waitUntilReady().catch((error: unknown) => {
      logger.debug({ err: error, queue: name }, 'queue not opened');
      if (made === current) failed = true;
    });
    return made;
  };
  const shut = (queue: Queue): Promise<void> =>
    queue.close().catch((error: unknown) => logger.debug({ err: error, queue: name }, 'closing queue'));
  let current = open();
  const raw = (): Queue => {
    if (failed && connection.status === 'ready') {
      void shut(current);
      current = open();
    }
    return current;
  };

  const add = async (jobName: string, data: object, options: AddOptions): Promise<AddResult> => {
    if (!isJobId(options.jobId)) throw new RangeError(`not a job id: ${options.jobId}`);
    if (connection.status !== 'ready') return { taken: false, reason: `Redis is away (${connection.status})` };
    const adding = raw()
      .add(jobName, data, jobOptions(options))
      .then(
        (): AddResult => ({ taken: true }),
        (error: unknown): AddResult => ({ taken: false, reason: messageOf(error) }),
      );
    const late = pause(clock, addLimitMs).then((): AddResult => ({ taken: false, reason: 'Redis did not answer' }));
    return Promise.race([adding, late]);
  };

  return {
    name,
    raw,
    add,
    async remove(jobId) {
      if (connection.status !== 'ready') return false;
      try {
        const found: Job | undefined = await raw().getJob(jobId);
        if (!found) return false;
        await found.remove(); // throws for a job that has begun
        return true;
      } catch (error) {
        logger.warn({ err: error, queue: name, jobId }, 'job not taken back');
        return false;
      }
    },
    async close() {
      await Promise.race([shut(current), pause(clock, addLimitMs)]);
    },
  };
}

function jobOptions(options: AddOptions): JobsOptions {
  return {
    jobId: options.jobId,
    ...(options.delayMs === undefined ? {} : { delay: options.delayMs }),
    ...(options.attempts === undefined ? {} : { attempts: options.attempts }),
    ...(options.backoffMs === undefined ? {} : { backoff: { type: 'exponential', delay: options.backoffMs } }),
  };
}

/** Whether BullMQ takes it as a job's id. */
export function isJobId(text: string): boolean {
  return /^[A-Za-z0-9._-]{1,200}$/.test(text) && !/^\d+$/.test(text);
}
