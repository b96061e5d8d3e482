import type { AriCommands } from '../asterisk/commands.ts';
import { callerId, outsideLimit, ringLeg } from '../asterisk/legs.ts';
import type { Clock } from '../platform/clock.ts';
import { createTurns } from '../platform/turns.ts';
import type { Mailer } from './email.ts';
import type { NotifyJob, NotifyResult } from './jobs.ts';
import { failedAgain } from './notification.ts';
import { postWebhook, type WebhookLookup } from './webhook.ts';

export interface CarryOutDeps {
  ari: AriCommands;
  clock: Clock;
  /** Null where no mail server is set. */
  mailer: Mailer | null;
  lookup?: WebhookLookup;
}

/** Makes one try; the same in a worker and in line. Late, it does nothing: another try has been made by then. Never rejects. */
export function carryOut(deps: CarryOutDeps): (job: NotifyJob) => Promise<NotifyResult> {
  const { clock, mailer } = deps;
  return (job) => {
    if (clock.now() > job.expiresAt) return Promise.resolve(failedAgain('it waited too long for its turn'));
    switch (job.type) {
      case 'webhook':
        return postWebhook(job.post, deps);
      case 'email':
        return mailer === null ? Promise.resolve(failedAgain('this worker has no mail server')) : mailer.send(job.mail);
      case 'voice':
        return ringRecipient(deps.ari, job);
    }
  };
}

/** In line it is done beside calls: no more than this at a time, and those that wait too long come too late. */
const atOnce = 20;

/** The same for a controller that has no Redis. */
export function carryOutInTurn(deps: CarryOutDeps): (job: NotifyJob) => Promise<NotifyResult> {
  const turns = createTurns(atOnce, 2_000);
  const run = carryOut(deps);
  const never = new AbortController().signal;
  return async (job) => {
    if (turns.full()) return failedAgain('too many messages are sent at once');
    await turns.take(never);
    try {
      return await run(job);
    } finally {
      turns.give();
    }
  };
}

/** Rings once, however often: the channel's id is the try's. */
async function ringRecipient(
  ari: AriCommands,
  { attemptId, notificationId, ring }: Extract<NotifyJob, { type: 'voice' }>,
): Promise<NotifyResult> {
  const answer = await ringLeg(ari, {
    channelId: attemptId,
    endpoint: 'outside',
    uri: ring.uri,
    role: 'outside',
    application: ring.application,
    callId: notificationId,
    callerChannelId: null,
    callerId: callerId(null, ring.shownNumber),
    ring: ring.ring,
    // Nobody else is in it: without a controller it ends.
    variables: { SIAGA_OUTGOING: '1', 'CHANNEL(language)': ring.language, ...outsideLimit(ring.limit) },
  });
  return answer.ok || answer.failure === 'timeout'
    ? { result: 'ringing' }
    : failedAgain(`the telephone could not be rung (${answer.failure})`);
}
