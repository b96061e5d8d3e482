import { QueueEvents } from 'bullmq';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import { pause, type Cancel, type Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createQueue } from '../platform/queues.ts';
import type { RingJob, RingResult } from './dispatch.ts';
import { ringTrunk } from './ring.ts';

export const ringJobSchema = z.object({
  attemptId: z.string(),
  callId: z.string(),
  incidentId: z.string(),
  dispatchId: z.string(),
  mode: z.enum(['bridge', 'transfer']),
  application: z.string(),
  channelId: z.string(),
  uri: z.string(),
  callerNumber: z.string().nullable(),
  // An older version's jobs have neither.
  callInfo: z.string().default(''),
  location: z
    .object({ format: z.enum(['GML', 'civicAddress']), locationInfo: z.string() })
    .nullable()
    .default(null),
  callerChannelId: z.string(),
  ring: z.number(),
  inLine: z.boolean(),
  expiresAt: z.number(),
}) satisfies z.ZodType<RingJob>;

const ringResultSchema = z.union([
  z.object({ result: z.literal('taken') }),
  z.object({ result: z.literal('gone') }),
  z.object({ result: z.literal('expired') }),
  z.object({ result: z.literal('refused'), reason: z.string() }),
]) satisfies z.ZodType<RingResult>;

/** The queue of a node: its jobs are rung by workers that reach that node's Asterisk. */
export function ringQueueName(node: string): string {
  return `siaga-ring-${node}`;
}

interface RingJobs {
  /** Rings through BullMQ, or in line while Redis is away. Resolves at the job's expiry at the latest. */
  ring(job: RingJob): Promise<RingResult>;
  close(): Promise<void>;
}

/** After the expiry a result may still be on its way. */
const grace = 250;

export function createRingJobs(deps: {
  node: string;
  producer: Redis;
  /** A connection that may block: results are read from a stream. */
  events: Redis;
  prefix: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  /** Counts how the jobs went: through the queue, or in line. */
  counted: (way: 'queue' | 'in-line') => void;
}): RingJobs {
  const { clock, logger, ari } = deps;
  const name = ringQueueName(deps.node);
  const queue = createQueue(name, { connection: deps.producer, prefix: deps.prefix, logger, clock });
  const waiting = new Map<string, { resolve: (ring: RingResult) => void; cancel: Cancel }>();

  // A reader of results that has failed once stays silent for ever: another takes its place.
  let closed = false;
  let events = listen();
  function listen(): QueueEvents {
    const made = new QueueEvents(name, { connection: deps.events, prefix: deps.prefix, autorun: false });
    made.on('error', (error) => logger.debug({ err: error }, 'ring results'));
    made.on('completed', ({ jobId, returnvalue }) => settle(jobId, readResult(returnvalue)));
    made.on('failed', ({ jobId, failedReason }) => settle(jobId, { result: 'refused', reason: failedReason }));
    made
      .run()
      .catch((error: unknown) => logger.warn({ err: error }, 'the results of ring jobs cannot be read; trying again'))
      .finally(() => {
        if (closed) return;
        made.close().catch((error: unknown) => logger.debug({ err: error }, 'closing a silent reader'));
        clock.after(500, () => {
          if (!closed) events = listen();
        });
      });
    return made;
  }

  const settle = (jobId: string, ring: RingResult): void => {
    const waiter = waiting.get(jobId);
    if (waiter === undefined) return;
    waiting.delete(jobId);
    waiter.cancel();
    waiter.resolve(ring);
  };

  return {
    async ring(job) {
      const result = new Promise<RingResult>((resolve) => {
        const ms = Math.max(0, job.expiresAt - clock.now()) + grace;
        const cancel = clock.after(ms, () => settle(job.attemptId, { result: 'expired' }));
        waiting.set(job.attemptId, { resolve, cancel });
      });
      const added = job.inLine
        ? { taken: false as const, reason: 'an earlier job was lost' }
        : await queue.add(job.mode, job, { jobId: job.attemptId, attempts: 1 });
      if (added.taken) {
        deps.counted('queue');
        return result;
      }
      logger.warn({ attemptId: job.attemptId, reason: added.reason }, 'ringing in line');
      deps.counted('in-line');
      const ring = await ringTrunk(ari, job, clock.now());
      settle(job.attemptId, ring);
      return ring;
    },
    async close() {
      closed = true;
      for (const [jobId] of waiting) settle(jobId, { result: 'expired' });
      await queue.close();
      // With Redis away the reader would wait for it.
      await Promise.race([events.close(), pause(clock, 500)]);
    },
  };
}

function readResult(value: unknown): RingResult {
  const parsed = ringResultSchema.safeParse(typeof value === 'string' ? JSON.parse(value) : value);
  return parsed.success ? parsed.data : { result: 'refused', reason: 'the worker answered something unreadable' };
}
