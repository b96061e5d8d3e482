import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { startOfDay } from '../platform/zoned-time.ts';
import { servicePicture, type HandledCall, type ServicePicture, type ServiceTarget } from './service-level.ts';

/** What is kept of a call's state when it was answered or ended. */
export interface RecordedCall {
  callId: string;
  state: { arrivedAt: number; firstTalkAt: number | null; endedAt: number | null; outcome: string | null };
}

/** How callers were served today and lately. */
export interface ServiceLog {
  /** Takes the record of a call; of the same call as often as it comes. Answers whether it is news. */
  took(call: RecordedCall): boolean;
  picture(): { today: ServicePicture; last15Minutes: ServicePicture };
  stop(): void;
}

const lately = 15 * 60_000;
const readEvery = 5 * 60_000;
const retryAfter = 10_000;
const most = 50_000;

/**
 * Kept in memory, in no call's way. What other processes recorded is read from PostgreSQL at the start, and again now and
 * then.
 */
export function createServiceLog(deps: {
  clock: Clock;
  logger: Logger;
  timeZone: () => string;
  targets: () => readonly ServiceTarget[];
  read: (since: number) => Promise<HandledCall[]>;
}): ServiceLog {
  const { clock, logger } = deps;
  const calls = new Map<string, HandledCall>();

  const since = (): number => Math.min(startOfDay(clock.now(), deps.timeZone()), clock.now() - lately);

  const keep = (call: HandledCall): boolean => {
    const known = calls.get(call.callId);
    if (known !== undefined && (known.answered || !call.answered)) return false;
    calls.set(call.callId, call);
    const oldest = calls.size > most ? calls.keys().next().value : undefined;
    if (oldest !== undefined) calls.delete(oldest);
    return true;
  };

  let reading = false;
  const read = async (): Promise<void> => {
    if (reading) return;
    reading = true;
    let next = readEvery;
    try {
      for (const call of await deps.read(since())) keep(call);
    } catch (error) {
      logger.debug({ err: error }, 'how callers were served could not be read');
      next = retryAfter;
    } finally {
      reading = false;
    }
    const from = since();
    for (const [callId, { at }] of calls) if (at < from) calls.delete(callId);
    if (!stopped) cancel = clock.after(next, () => void read());
  };
  let stopped = false;
  let cancel = (): unknown => undefined;
  void read();

  return {
    took({ callId, state: { arrivedAt, firstTalkAt, endedAt, outcome } }) {
      if (firstTalkAt !== null) return keep({ callId, arrivedAt, at: firstTalkAt, answered: true });
      if (endedAt === null || outcome !== 'abandoned') return false;
      return keep({ callId, arrivedAt, at: endedAt, answered: false });
    },
    picture() {
      const now = clock.now();
      const targets = deps.targets();
      return {
        today: servicePicture(calls.values(), startOfDay(now, deps.timeZone()), targets),
        last15Minutes: servicePicture(calls.values(), now - lately, targets),
      };
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
