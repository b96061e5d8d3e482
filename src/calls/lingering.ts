import type { Cancel, Clock } from '../platform/clock.ts';
import type { CallRunner } from './runner.ts';

/** A call stays in memory so long after its last record, for edits that come right after the hang-up. */
const lingers = 5_000;
/** One that was given back to the dialplan may be claimed again. */
const lingersReturned = 3_600_000;
/** Calls that stay for their messages to agencies. Of more, the oldest go: what comes of those messages is only recorded. */
const mostForMessages = 1_000;

/** Forgets calls that have ended, once PostgreSQL has them and nothing more is to be decided for them. */
export function createLingering(deps: { clock: Clock; runner: Pick<CallRunner, 'get' | 'sequenceOf' | 'forget'> }): {
  /** PostgreSQL has a call as it was at this entry. */
  readonly projected: (callId: string, sequence: number) => void;
  readonly stop: () => void;
} {
  const { clock, runner } = deps;
  const going = new Map<string, Cancel>();
  const forMessages = new Set<string>();

  const forget = (callId: string): void => {
    going.delete(callId);
    forMessages.delete(callId);
    runner.forget(callId);
  };

  return {
    projected(callId, sequence) {
      const call = runner.get(callId);
      if (call === undefined || call.endedAt === null || runner.sequenceOf(callId) !== sequence) return;
      going.get(callId)?.();
      going.delete(callId);
      forMessages.delete(callId);
      const returned = call.outcome === 'returned';
      // The limits of messages that are on their way: whatever comes of one is an entry of its own, and projected.
      if (!returned && Object.keys(call.timers).length > 0) {
        forMessages.add(callId);
        const [oldest] = forMessages;
        if (forMessages.size > mostForMessages && oldest !== undefined) forget(oldest);
        return;
      }
      going.set(
        callId,
        clock.after(returned ? lingersReturned : lingers, () => {
          going.delete(callId);
          if (runner.sequenceOf(callId) === sequence) forget(callId);
        }),
      );
    },
    stop() {
      for (const cancel of going.values()) cancel();
    },
  };
}
