import { UnrecoverableError, Worker, type Job } from 'bullmq';
import type { Redis } from 'ioredis';
import type { z } from 'zod';
import { pause, type Clock } from './clock.ts';
import type { Logger } from './logger.ts';

/** A job as its handler sees it: its data checked against the schema. */
export interface ReceivedJob<T> {
  readonly id: string;
  readonly name: string;
  readonly data: T;
  /** 1 on the first try. */
  readonly attempt: number;
}

/** Runs a queue's jobs until stopped. */
export interface JobWorker {
  /** Takes no further job, and waits for the running ones up to `limitMs`. */
  close(limitMs?: number): Promise<void>;
  isRunning(): boolean;
}

interface WorkerDeps<S extends z.ZodType> {
  /** From createWorkerConnection: BullMQ makes its own blocking copy of it. */
  readonly connection: Redis;
  readonly prefix: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** A job that does not fit is failed for good and logged. */
  readonly schema: S;
  readonly concurrency?: number;
  /** Each job is renewed at half of this; a job whose process died is taken up again after it. */
  readonly lockDurationMs?: number;
  readonly stalledIntervalMs?: number;
  /** Longest wait of one blocking read, in seconds: bounds how late a lost wake-up is noticed. */
  readonly drainDelaySeconds?: number;
}

const watchEveryMs = 2_000;
/** So many looks in a row with jobs waiting and nothing done mean that the worker is dead. */
const idleLooks = 3;

/**
 * Starts a worker, and starts another in its place should it ever stop by itself. What the handler resolves to is the
 * job's result, as JSON.
 */
export function createWorker<S extends z.ZodType>(
  name: string,
  handler: (job: ReceivedJob<z.output<S>>) => Promise<unknown>,
  deps: WorkerDeps<S>,
): JobWorker {
  const { logger, clock, connection } = deps;
  let closing = false;
  let begun = 0;
  let active = 0;

  const run = async (job: Job): Promise<unknown> => {
    begun += 1;
    active += 1;
    try {
      const data: unknown = job.data;
      const parsed = deps.schema.safeParse(data);
      if (!parsed.success) {
        logger.error({ queue: name, jobId: job.id, faults: parsed.error.issues.length }, 'job data do not fit');
        throw new UnrecoverableError('the data do not fit');
      }
      return await handler({ id: job.id ?? '', name: job.name, data: parsed.data, attempt: job.attemptsMade + 1 });
    } finally {
      active -= 1;
    }
  };

  let broken: Worker | undefined;
  const build = (): Worker => {
    const made = new Worker(name, run, {
      connection,
      prefix: deps.prefix,
      concurrency: deps.concurrency ?? 20,
      lockDuration: deps.lockDurationMs ?? 5_000,
      stalledInterval: deps.stalledIntervalMs ?? 2_000,
      maxStalledCount: 3,
      drainDelay: deps.drainDelaySeconds ?? 2,
      runRetryDelay: 500,
      removeOnComplete: { age: 3_600, count: 1_000 },
      removeOnFail: { age: 86_400, count: 5_000 },
    });
    made.on('error', (error) => logger.debug({ err: error, queue: name }, 'worker error'));
    made.on('failed', (job, error) => logger.warn({ queue: name, jobId: job?.id, err: error }, 'job failed'));
    made.on('stalled', (jobId) => logger.warn({ queue: name, jobId }, 'job taken over from a worker that went away'));
    made.waitUntilReady().catch((error: unknown) => {
      logger.debug({ err: error, queue: name }, 'worker not opened');
      broken = made;
    });
    return made;
  };

  let worker = build();
  const rebuild = (why: string): void => {
    logger.error({ queue: name, why }, 'worker is dead: starting another');
    const dead = worker;
    worker = build();
    dead.close(true).catch((error: unknown) => logger.debug({ err: error, queue: name }, 'closing a dead worker'));
  };

  let looks = 0;
  let begunBefore = 0;
  const look = async (): Promise<void> => {
    if (closing || connection.status !== 'ready') {
      looks = 0;
      return;
    }
    if (!worker.isRunning() || broken === worker) {
      rebuild('not running');
      return;
    }
    const waiting = await connection.llen(`${deps.prefix}:${name}:wait`);
    const stuck = waiting > 0 && active === 0 && begun === begunBefore;
    begunBefore = begun;
    looks = stuck ? looks + 1 : 0;
    if (looks < idleLooks) return;
    looks = 0;
    rebuild('jobs wait and none is begun');
  };
  const cancelWatch = clock.every(watchEveryMs, () => {
    look().catch((error: unknown) => logger.debug({ err: error, queue: name }, 'watching the worker'));
  });

  return {
    isRunning: () => worker.isRunning(),
    async close(limitMs = 5_000) {
      closing = true;
      cancelWatch();
      const last = worker;
      const ended = last.close().then(() => true);
      const inTime = await Promise.race([ended, pause(clock, limitMs).then(() => false)]).catch((error: unknown) => {
        logger.warn({ err: error, queue: name }, 'worker did not close cleanly');
        return false;
      });
      if (inTime) return;
      const forced = last
        .close(true)
        .catch((error: unknown) => logger.debug({ err: error, queue: name }, 'forced close'));
      await Promise.race([forced, pause(clock, 1_000)]);
    },
  };
}
