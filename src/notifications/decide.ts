import { plainCopy } from '../platform/plain-copy.ts';
import type { ChannelType } from './recipient.ts';
import type {
  Attempt,
  Delivery,
  Notification,
  NotificationEffect,
  NotificationFact,
  NotificationInput,
  SendResult,
} from './notification.ts';

export interface NotificationDecision {
  notification: Notification;
  effects: NotificationEffect[];
  facts: NotificationFact[];
}

interface Step extends NotificationDecision {
  readonly at: number;
}

/**
 * How each channel is tried, in milliseconds: the wait before another try doubles, and a try of which nothing was heard for
 * `limit` counts as failed. A phone that nobody answers is given time, and rings less often.
 */
export const patience: Record<ChannelType, { tries: number; wait: number; limit: number }> = {
  webhook: { tries: 5, wait: 1_000, limit: 8_000 },
  email: { tries: 5, wait: 1_000, limit: 25_000 },
  voice: { tries: 3, wait: 10_000, limit: 180_000 },
};

/** Decides what a notification does with one input. Pure; the one handed in is not changed. */
export function decideNotification(before: Notification, input: NotificationInput): NotificationDecision {
  const step: Step = { notification: plainCopy(before), effects: [], facts: [], at: input.at };
  take(step, input);
  const { notification, effects, facts } = step;
  return { notification, effects, facts };
}

function take(step: Step, input: NotificationInput): void {
  const { notification } = step;
  if (notification.endedAt !== null) return;
  switch (input.type) {
    case 'begin':
    case 'resumed':
      // What its dead owner began may still come to something: its limit stands.
      if (notification.deliveries.length > 0) return;
      fact(step, 'notification.requested', { reason: notification.reason.by });
      return tryChannel(step, 0);
    case 'attempt-ended':
      return attemptEnded(step, input.attemptId, input.outcome);
    case 'timer':
      return timeUp(step);
  }
}

function tryChannel(step: Step, index: number): void {
  const { notification } = step;
  const channel = notification.channels[index];
  if (channel === undefined) return fail(step);
  const earlier = notification.deliveries.at(-1);
  if (earlier !== undefined) fact(step, 'notification.fallback', { from: earlier.type, to: channel.type });
  notification.deliveries.push({ id: `${notification.id}.${index + 1}`, type: channel.type, attempts: [] });
  tryAgain(step);
}

/** Tries the present channel once more. */
function tryAgain(step: Step): void {
  const { notification, at, effects } = step;
  const delivery = notification.deliveries.at(-1);
  const channel = notification.channels[notification.deliveries.length - 1];
  if (delivery === undefined || channel === undefined) return fail(step);
  const attemptId = `${delivery.id}.${delivery.attempts.length + 1}`;
  delivery.attempts.push({ id: attemptId, at, endedAt: null, result: null, reason: null });
  const expiresAt = at + patience[channel.type].limit;
  notification.dueAt = expiresAt;
  const inLine = delivery.attempts.some(({ result }) => result === 'lost');
  effects.push({ do: 'send', attemptId, deliveryId: delivery.id, channel, expiresAt, inLine });
}

function attemptEnded(step: Step, attemptId: string, outcome: SendResult): void {
  const { notification, at } = step;
  const delivery = notification.deliveries.find(({ attempts }) => attempts.some(({ id }) => id === attemptId));
  const attempt = delivery?.attempts.find(({ id }) => id === attemptId);
  if (delivery === undefined || attempt === undefined) return;
  if (outcome.result !== 'failed') {
    // Also when it comes late, from a try that was given up: he has been told.
    close(attempt, at, outcome.result, null);
    return succeed(step, delivery, outcome.result);
  }
  if (attempt.endedAt !== null) return;
  attemptFailed(step, { delivery, attempt, result: 'failed', reason: outcome.reason, again: outcome.again });
}

function attemptFailed(
  step: Step,
  {
    delivery,
    attempt,
    result,
    reason,
    again,
  }: { delivery: Delivery; attempt: Attempt; result: 'failed' | 'lost'; reason: string; again: boolean },
): void {
  const { notification, at } = step;
  close(attempt, at, result, reason);
  const { tries, wait } = patience[delivery.type];
  const count = delivery.attempts.length;
  fact(step, 'notification.attempt-failed', { channel: delivery.type, attempt: count, reason });
  if (again && count < tries) notification.dueAt = at + wait * 2 ** (count - 1);
  else tryChannel(step, notification.deliveries.length);
}

function timeUp(step: Step): void {
  const { notification, effects, at } = step;
  if (notification.dueAt === null || notification.dueAt > at) return;
  const open = openAttempt(notification);
  if (open === undefined) return tryAgain(step);
  effects.push({ do: 'stop', attemptId: open.attempt.id });
  attemptFailed(step, { ...open, result: 'lost', reason: 'nothing was heard of it in time', again: true });
}

function openAttempt({ deliveries }: Notification): { delivery: Delivery; attempt: Attempt } | undefined {
  const delivery = deliveries.at(-1);
  const attempt = delivery?.attempts.at(-1);
  return delivery === undefined || attempt === undefined || attempt.endedAt !== null
    ? undefined
    : { delivery, attempt };
}

function succeed(step: Step, delivery: Delivery, result: 'delivered' | 'acknowledged'): void {
  const { notification, effects } = step;
  const open = openAttempt(notification);
  if (open !== undefined) {
    effects.push({ do: 'stop', attemptId: open.attempt.id });
    close(open.attempt, step.at, 'failed', 'an earlier try has come through');
  }
  end(step, result, null);
  fact(step, `notification.${result}`, { channel: delivery.type });
  tellDispatch(step, result, null);
}

function fail(step: Step): void {
  const { notification, effects } = step;
  const last = notification.deliveries.at(-1)?.attempts.at(-1)?.reason ?? 'there is no channel to this recipient';
  end(step, 'failed', last);
  const { otherwise } = notification;
  fact(step, 'notification.failed', { reason: last, ...(otherwise[0] === undefined ? {} : { next: otherwise[0] }) });
  if (otherwise.length > 0) effects.push({ do: 'tell-next', recipientIds: otherwise });
  else tellDispatch(step, 'failed', last);
}

function end({ notification, at }: Step, state: 'delivered' | 'acknowledged' | 'failed', failure: string | null): void {
  notification.state = state;
  notification.failure = failure;
  notification.endedAt = at;
  notification.dueAt = null;
}

function tellDispatch(
  { notification, effects }: Step,
  outcome: 'delivered' | 'acknowledged' | 'failed',
  reason: string | null,
): void {
  const { dispatchId } = notification;
  if (dispatchId !== null) effects.push({ do: 'dispatch-told', dispatchId, outcome, reason });
}

function close(attempt: Attempt, at: number, result: NonNullable<Attempt['result']>, reason: string | null): void {
  attempt.endedAt = at;
  attempt.result = result;
  attempt.reason = reason;
}

function fact({ notification, facts }: Step, type: NotificationFact['type'], detail: NotificationFact['detail']): void {
  const { id, recipientId, dispatchId } = notification;
  const ids = { notificationId: id, recipientId, ...(dispatchId === null ? {} : { dispatchId }) };
  facts.push({ type, detail: { ...ids, ...detail } });
}
