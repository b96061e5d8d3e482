import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { startOfDay } from '../platform/zoned-time.ts';
import {
  nobodyYet,
  servicePicture,
  tallyOf,
  type HandledCall,
  type ServicePicture,
  type ServiceTally,
  type ServiceTarget,
} from './service-level.ts';

/** What is kept of a call's state when it was answered or ended. */
export interface RecordedCall {
  callId: string;
  state: {
    arrivedAt: number;
    firstTalkAt: number | null;
    endedAt: number | null;
    outcome: string | null;
    /** He was asked for a key. */
    challenge: object | null;
  };
}

/** Asked for a key, and nobody has talked with him: when it changes, so does the picture of who waits. */
export function isChallenged({ state: { challenge, firstTalkAt } }: RecordedCall): boolean {
  return challenge !== null && firstTalkAt === null;
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
/** Calls of the last quarter of an hour, and of as long as PostgreSQL has been away. */
const most = 50_000;

/**
 * Kept in memory, in no call's way: each call of the last quarter of an hour, and those of the day before that as numbers,
 * which PostgreSQL counts now and then. So it has what other processes recorded too, also late.
 */
export function createServiceLog(deps: {
  clock: Clock;
  logger: Logger;
  timeZone: () => string;
  targets: () => readonly ServiceTarget[];
  /** Calls whose wait ended in a time, from the one to before the other; both in epoch milliseconds. */
  count: (from: number, to: number) => Promise<ServiceTally>;
  /** Calls whose wait ended from then on. */
  read: (since: number) => Promise<HandledCall[]>;
}): ServiceLog {
  const { clock, logger } = deps;
  const calls = new Map<string, HandledCall>();
  /** Calls of a day until then, which `calls` has no more. */
  let earlier = { day: -Infinity, until: -Infinity, tally: nobodyYet };

  const today = (): number => startOfDay(clock.now(), deps.timeZone());

  const keep = (call: HandledCall): boolean => {
    const known = calls.get(call.callId);
    if (call.at < earlier.until || (known !== undefined && (known.answered || !call.answered))) return false;
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
      const [day, until] = [today(), clock.now() - lately];
      const tally = day < until ? await deps.count(day, until) : nobodyYet;
      const latest = await deps.read(until);
      earlier = { day, until, tally };
      for (const call of latest) keep(call);
      for (const [callId, { at }] of calls) if (at < until) calls.delete(callId);
    } catch (error) {
      logger.debug({ err: error }, 'how callers were served could not be read');
      next = retryAfter;
    } finally {
      reading = false;
    }
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
      const [day, targets] = [today(), deps.targets()];
      const counted = earlier.day === day ? earlier.tally : nobodyYet;
      return {
        today: servicePicture(tallyOf(calls.values(), day, counted), targets),
        last15Minutes: servicePicture(tallyOf(calls.values(), clock.now() - lately), targets),
      };
    },
    stop() {
      stopped = true;
      cancel();
    },
  };
}
