import { z } from 'zod';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Settings } from '../settings/setting.ts';
import type { LineSnapshot } from './mailbox.ts';
import type { ServiceLog } from './service-log.ts';

export const operatorState = z.enum(['offline', 'available', 'paused', 'ringing', 'talking', 'wrap-up']);
const level = z.enum(['notice', 'warning', 'critical']);
const serviceLevels = z.array(
  z.object({
    percent: z.number(),
    seconds: z.number(),
    answeredWithin: z.number(),
    answered: z.number(),
    met: z.boolean(),
  }),
);

/** The waiting line as it is now: the answer of GET /v1/queue, and the event `queue.changed`. */
export const queuePicture = z.object({
  waiting: z.array(
    z.object({
      callId: z.string(),
      position: z.number(),
      priority: z.number(),
      queue: z.string(),
      waitingSeconds: z.number(),
      /** Why nobody's phone rings for it. */
      reason: z.string().nullable(),
      expectedWaitSeconds: z.number().nullable(),
    }),
  ),
  /** Nobody has answered them either: phones ring for them. */
  ringing: z.array(
    z.object({
      callId: z.string(),
      priority: z.number(),
      queue: z.string(),
      waitingSeconds: z.number(),
      operatorIds: z.array(z.string()),
    }),
  ),
  /** Of both. */
  longestWaitSeconds: z.number(),
  operators: z.record(operatorState, z.number()),
  serviceLevel: z.object({ today: serviceLevels, last15Minutes: serviceLevels }),
  abandoned: z.object({ today: z.number(), last15Minutes: z.number() }),
  /** The highest level that the longest wait has reached. */
  alert: level.nullable(),
});
export type QueuePicture = z.output<typeof queuePicture>;

/** Puts the picture together. Pure. */
export function pictureOf(parts: {
  line: LineSnapshot;
  service: ReturnType<ServiceLog['picture']>;
  alerts: Settings['queueAlerts'];
  now: number;
}): QueuePicture {
  const { line, service, now } = parts;
  const waited = ({ since }: { since: number }): number => Math.max(0, Math.floor((now - since) / 1_000));
  const operators = { offline: 0, available: 0, paused: 0, ringing: 0, talking: 0, 'wrap-up': 0 };
  for (const { state } of line.operators) operators[state] += 1;
  const unanswered = [...line.waiting, ...line.ringing];
  const longest = Math.max(0, ...unanswered.map(waited));
  const reached = parts.alerts
    .filter(({ waitingSeconds }) => unanswered.length > 0 && longest >= waitingSeconds)
    .sort((a, b) => level.options.indexOf(a.level) - level.options.indexOf(b.level));
  const { today, last15Minutes } = service;
  return {
    waiting: line.waiting.map((call) => ({
      callId: call.callId,
      position: call.position,
      priority: call.priority,
      queue: call.queueId,
      waitingSeconds: waited(call),
      reason: call.passedOver,
      expectedWaitSeconds: call.expectedWaitSeconds,
    })),
    ringing: line.ringing.map((call) => ({
      callId: call.callId,
      priority: call.priority,
      queue: call.queueId,
      waitingSeconds: waited(call),
      operatorIds: call.operatorIds,
    })),
    longestWaitSeconds: longest,
    operators,
    serviceLevel: { today: today.levels, last15Minutes: last15Minutes.levels },
    abandoned: { today: today.abandoned, last15Minutes: last15Minutes.abandoned },
    alert: reached.at(-1)?.level ?? null,
  };
}

const leastBetween = 1_000;

/** Tells the picture when something has changed, at most once a second; the last change is never left out. */
export function tellChanges(deps: { clock: Clock; tell: () => void }): { changed: () => void; stop: () => void } {
  const { clock, tell } = deps;
  let last = Number.NEGATIVE_INFINITY;
  let cancel: Cancel | null = null;
  const now = (): void => {
    cancel = null;
    last = clock.monotonic();
    tell();
  };
  return {
    changed() {
      // Not at once: whatever one input changes is one change.
      cancel ??= clock.after(Math.max(0, last + leastBetween - clock.monotonic()), now);
    },
    stop: () => cancel?.(),
  };
}
