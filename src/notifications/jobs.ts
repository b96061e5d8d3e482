import type { Redis } from 'ioredis';
import { z } from 'zod';
import { createAnsweredJobs, type AnsweredJobs } from '../platform/answered-jobs.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { failedAgain } from './notification.ts';

const common = { attemptId: z.string(), notificationId: z.string(), expiresAt: z.number() };

/** One try on one channel, with all that it needs. */
export const notifyJobSchema = z.discriminatedUnion('type', [
  z.object({
    ...common,
    type: z.literal('webhook'),
    post: z.object({
      url: z.string(),
      headers: z.record(z.string(), z.string()),
      body: z.string(),
      networks: z.array(z.string()),
    }),
  }),
  z.object({
    ...common,
    type: z.literal('email'),
    mail: z.object({
      to: z.string(),
      from: z.string(),
      subject: z.string(),
      text: z.string(),
      deliveryId: z.string(),
    }),
  }),
  z.object({
    ...common,
    type: z.literal('voice'),
    ring: z.object({
      application: z.string(),
      uri: z.string(),
      shownNumber: z.string(),
      language: z.enum(['id', 'en']),
      /** Milliseconds. */
      ring: z.number(),
      limit: z.number(),
    }),
  }),
]);
export type NotifyJob = z.output<typeof notifyJobSchema>;

/** What came of a job: of a message that was sent, or of a telephone that rings now. */
const notifyResultSchema = z.discriminatedUnion('result', [
  z.object({ result: z.literal('delivered') }),
  z.object({ result: z.literal('acknowledged') }),
  z.object({ result: z.literal('ringing') }),
  z.object({ result: z.literal('failed'), reason: z.string(), again: z.boolean() }),
]);
export type NotifyResult = z.output<typeof notifyResultSchema>;

/** The queue of a node: its telephones are rung by workers that reach that node's Asterisk. */
export function notifyQueueName(node: string): string {
  return `siaga-notify-${node}`;
}

export function createNotifyJobs(deps: {
  node: string;
  producer: Redis;
  events: Redis;
  prefix: string;
  clock: Clock;
  logger: Logger;
  here: (job: NotifyJob) => Promise<NotifyResult>;
  counted: (way: 'queue' | 'in-line') => void;
}): AnsweredJobs<NotifyJob, NotifyResult> {
  return createAnsweredJobs<NotifyJob, typeof notifyResultSchema>({
    ...deps,
    queue: notifyQueueName(deps.node),
    schema: notifyResultSchema,
    expired: () => lostJob,
    broken: failedAgain,
  });
}

/** The result of a job of which nothing was heard: no worker may be there. */
export const lostJob = failedAgain('nothing was heard of it in time');
