import type { AriCommands } from '../asterisk/commands.ts';
import type { AsteriskEvent } from '../asterisk/translate.ts';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../platform/redis.ts';
import { mayCall } from '../outgoing/limits.ts';
import type { Settings } from '../settings/setting.ts';
import { carryOutInTurn } from './carry-out.ts';
import { patience } from './decide.ts';
import { createMailer } from './email.ts';
import { createNotifyJobs, lostJob, type NotifyJob, type NotifyResult } from './jobs.ts';
import { fitToSend } from './message.ts';
import { failedAgain, type Notification, type SendResult } from './notification.ts';
import { prepare, type SendEffect } from './send.ts';
import { createVoiceMessages } from './voice.ts';
import { promptsOf, voiceTiming } from './voice-message.ts';
import type { WebhookLookup } from './webhook.ts';

/** How single tries are made. */
export interface Delivery {
  /** One try on one channel: a job, or in line while Redis is away. */
  attempt(notification: Notification, effect: SendEffect): Promise<SendResult>;
  /** What comes of the try that another process began; null where none is open. */
  follow(notification: Notification): { attemptId: string; outcome: Promise<SendResult> } | null;
  /** What may still be under way is not needed any more. */
  stop(attemptId: string): void;
  /** Takes an event of Asterisk that concerns a voice message; false: it concerns none. */
  take(event: AsteriskEvent): boolean;
  owns(channelId: string): boolean;
  close(): Promise<void>;
}

type VoiceJob = Extract<NotifyJob, { type: 'voice' }>;
type VoiceRing = VoiceJob['ring'];

/** Asterisk has a telephone to ring within this, or the job was lost. */
const takenWithin = 3_000;

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
  const voice = createVoiceMessages(deps);
  const nobodyThere = (result: NotifyResult): SendResult =>
    result.result === 'ringing' ? failedAgain('nobody listens to this telephone') : result;

  const ringingOf = (number: string, language: 'id' | 'en'): VoiceRing | { refused: string } => {
    const limits = settings();
    // Neither do operators' calls hold up a message, nor the other way round: it has lines of its own.
    const verdict = mayCall(number, limits, { atOnce: -1, lastHour: -1 });
    if (!verdict.allowed) return { refused: `the number is not called: ${verdict.reason}` };
    const { uri } = verdict;
    const times = { ring: voiceTiming.ring + 5_000, limit: patience.voice.limit };
    return { application, uri, shownNumber: limits.outgoingNumber, language, ...times };
  };

  const say = (notification: Notification, job: VoiceJob): Promise<SendResult> => {
    const { attemptId: id, notificationId, expiresAt } = job;
    const prompts = promptsOf(fitToSend(notification.message));
    const ring = async (): Promise<NotifyResult> => {
      const soon = { ...job, expiresAt: clock.now() + takenWithin };
      const options = { jobId: id, expiresAt: soon.expiresAt };
      const result = await jobs.run('notify', soon, options);
      // The same channel, should it ring already: Asterisk makes no second one.
      return result === lostJob ? jobs.run('notify', { ...soon, expiresAt }, { ...options, inLine: true }) : result;
    };
    return voice.say({ id, notificationId, prompts, expiresAt, ring });
  };

  return {
    take: (event) => voice.take(event),
    owns: (channelId) => voice.owns(channelId),
    stop: (attemptId) => voice.stop(attemptId),
    async attempt(notification, effect) {
      const { webhookNetworks, timeZone, domain } = settings();
      const mailFrom = mailer === null ? null : (config.SIAGA_MAIL_FROM ?? `siaga-112@${domain}`);
      const secret = deps.secretOf(notification.recipientId);
      const ringing = (number: string) => ringingOf(number, notification.language);
      const sender = { webhookNetworks, timeZone, mailFrom, secret, ringing };
      const prepared = prepare(notification, effect, sender, clock.now());
      if ('fault' in prepared) return prepared.fault;
      const { job } = prepared;
      if (job.type === 'voice') return say(notification, job);
      const { expiresAt, attemptId: jobId } = job;
      return nobodyThere(await jobs.run('notify', job, { jobId, expiresAt, inLine: effect.inLine }));
    },
    follow({ deliveries, dueAt }) {
      const attempt = deliveries.at(-1)?.attempts.at(-1);
      if (attempt === undefined || attempt.endedAt !== null || dueAt === null) return null;
      return { attemptId: attempt.id, outcome: jobs.follow(attempt.id, dueAt).then(nobodyThere) };
    },
    async close() {
      voice.close();
      await jobs.close();
      closeConnection(producer);
      closeConnection(events);
    },
  };
}
