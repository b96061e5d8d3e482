import type { AriCommands } from '../asterisk/commands.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../platform/redis.ts';
import type { Settings } from '../settings/setting.ts';
import { carryOutInTurn } from './carry-out.ts';
import { createMailer } from './email.ts';
import { createNotifyJobs, failedAgain, type NotifyResult } from './jobs.ts';
import type { Notification, SendResult } from './notification.ts';
import { prepare, type SendEffect } from './send.ts';
import type { WebhookLookup } from './webhook.ts';

/** How single tries are made. */
export interface Delivery {
  /** One try on one channel: a job, or in line while Redis is away. */
  attempt(notification: Notification, effect: SendEffect): Promise<SendResult>;
  /** What comes of the try that another process began; null where none is open. */
  follow(notification: Notification): { attemptId: string; outcome: Promise<SendResult> } | null;
  close(): Promise<void>;
}

export interface DeliveryDeps {
  config: Pick<Config, 'SIAGA_NODE' | 'SIAGA_REDIS_URL' | 'SIAGA_QUEUE_PREFIX' | 'SIAGA_SMTP_URL' | 'SIAGA_MAIL_FROM'>;
  application: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
  settings: () => Settings;
  secretOf: (recipientId: string) => string | undefined;
  lookup?: WebhookLookup;
  counted: (way: 'queue' | 'in-line') => void;
}

export function createDelivery(deps: DeliveryDeps): Delivery {
  const { config, application, clock, logger, settings } = deps;
  const { SIAGA_SMTP_URL: smtpUrl, SIAGA_REDIS_URL: redisUrl } = config;
  const mailer = smtpUrl === undefined ? null : createMailer(smtpUrl, { clock });
  const producer = createProducerConnection(redisUrl, { logger, name: `${application}-notify` });
  const events = createWorkerConnection(redisUrl, { logger, name: `${application}-notify-events` });
  const jobs = createNotifyJobs({
    ...deps,
    node: config.SIAGA_NODE,
    prefix: config.SIAGA_QUEUE_PREFIX,
    producer,
    events,
    here: carryOutInTurn({ ...deps, mailer }),
  });
  const nobodyThere = (result: NotifyResult): SendResult =>
    result.result === 'ringing' ? failedAgain('nobody listens to this telephone') : result;

  return {
    async attempt(notification, effect) {
      const { webhookNetworks, timeZone, domain } = settings();
      const mailFrom = mailer === null ? null : (config.SIAGA_MAIL_FROM ?? `siaga-112@${domain}`);
      const secret = deps.secretOf(notification.recipientId);
      const ringing = (): { refused: string } => ({ refused: 'voice messages cannot be sent' });
      const sender = { webhookNetworks, timeZone, mailFrom, secret, ringing };
      const prepared = prepare(notification, effect, sender, clock.now());
      if ('fault' in prepared) return prepared.fault;
      const { job } = prepared;
      const { expiresAt } = job;
      return nobodyThere(await jobs.run(job.type, job, { jobId: job.attemptId, expiresAt, inLine: effect.inLine }));
    },
    follow({ deliveries, dueAt }) {
      const attempt = deliveries.at(-1)?.attempts.at(-1);
      if (attempt === undefined || attempt.endedAt !== null || dueAt === null) return null;
      return { attemptId: attempt.id, outcome: jobs.follow(attempt.id, dueAt).then(nobodyThere) };
    },
    async close() {
      await jobs.close();
      closeConnection(producer);
      closeConnection(events);
    },
  };
}
