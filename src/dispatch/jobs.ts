import type { Redis } from 'ioredis';
import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import { createAnsweredJobs } from '../platform/answered-jobs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { modes } from '../routing/rule.ts';
import type { RingJob, RingResult } from './dispatch.ts';
import { ringTrunk } from './ring.ts';

export const ringJobSchema = z.object({
  attemptId: z.string(),
  callId: z.string(),
  incidentId: z.string(),
  dispatchId: z.string(),
  mode: z.enum(modes),
  application: z.string(),
  channelId: z.string(),
  uri: z.string().nullable(),
  callerNumber: z.string().nullable(),
  kind: z.string().nullable(),
  endpoint: z.string(),
  callInfo: z.string(),
  location: z.object({ format: z.enum(['GML', 'civicAddress']), locationInfo: z.string() }).nullable(),
  callerChannelId: z.string().nullable(),
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

/**
 * The queue of a node: its jobs are rung by workers that reach that node's Asterisk. The number is that of the jobs' form:
 * a worker of another version would refuse them, or ring by the wrong endpoint. With none of its own a job expires, and its
 * second try is in line.
 */
export function ringQueueName(node: string): string {
  return `siaga-ring-2-${node}`;
}

interface RingJobs {
  /** Rings through BullMQ, or in line while Redis is away. Resolves at the job's expiry at the latest. */
  ring(job: RingJob): Promise<RingResult>;
  close(): Promise<void>;
}

export function createRingJobs(deps: {
  node: string;
  producer: Redis;
  /** A connection that may block: results are read from a stream. */
  events: Redis;
  prefix: string;
  /** False while it is known that Redis does not answer: each job would wait for that before it is done in line. */
  redisUp: () => boolean;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  /** Counts how the jobs went: through the queue, or in line. */
  counted: (way: 'queue' | 'in-line') => void;
}): RingJobs {
  const { ari, clock } = deps;
  const jobs = createAnsweredJobs<RingJob, typeof ringResultSchema>({
    ...deps,
    queue: ringQueueName(deps.node),
    schema: ringResultSchema,
    expired: () => ({ result: 'expired' }),
    broken: (reason) => ({ result: 'refused', reason }),
    here: (job) => ringTrunk(ari, job, clock.now()),
  });
  return {
    ring(job) {
      const { attemptId: jobId, expiresAt } = job;
      return jobs.run(job.mode, job, { jobId, expiresAt, inLine: job.inLine || !deps.redisUp() });
    },
    close: () => jobs.close(),
  };
}
