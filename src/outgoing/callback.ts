import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutgoingCall } from './outgoing.ts';

/** A caller who gave up before anybody answered, and is to be called back. */
export interface DueCallback {
  id: string;
  number: string;
  incidentId: string | null;
  /** Call-Info that names the call and its incident; empty where there is none. */
  callInfo: string;
}

/** How a try went. Everything but `reached` leaves him on the list. */
export type CallbackResult = 'reached' | 'no-answer' | 'busy' | 'failed' | 'refused';

/** The list of callers who gave up, as far as calling them back needs it. Tries and their spacing are the list's. */
export interface CallbackList {
  /** Who is to be called next, now; null: nobody. Says the same until it is told how the try went. */
  nextDue(): DueCallback | null | Promise<DueCallback | null>;
  tried(id: string, result: CallbackResult, reason: string): void | Promise<void>;
}

export interface Callbacks {
  /** An outgoing call has ended: if it called somebody back, the list is told. */
  ended(call: OutgoingCall): void;
  stop: Cancel;
}

const lookEvery = 1_000;
/** After a try for which no operator was found, or who hung up: it does not count, and is not repeated at once. */
const restsFor = 15_000;
const keptRests = 1_000;

/**
 * Calls back whom the list names, never while a caller waits, and at most with so many operators at a time. An operator
 * who is not there, or who hangs up before the other side has answered, is no try.
 */
export function startCallbacks(deps: {
  list: CallbackList;
  clock: Clock;
  logger: Logger;
  /** Operators who may call back at the same time; 0 where nobody can be called at all. */
  atOnce: () => number;
  /** Somebody waits for an operator. */
  callersWait: () => boolean;
  /** Call-backs under way. */
  underWay: () => OutgoingCall[];
  /** Asterisk is there, and this controller has the line. */
  mayStart: () => boolean;
  place: (due: DueCallback) => void;
}): Callbacks {
  const { list, clock, logger } = deps;
  const rests = new Map<string, number>();

  const hasRoom = (): boolean => deps.mayStart() && !deps.callersWait() && deps.underWay().length < deps.atOnce();

  const look = async (): Promise<void> => {
    if (!hasRoom()) return;
    const due = await list.nextDue();
    // A caller may have come while the list was asked.
    if (due === null || !hasRoom()) return;
    if (deps.underWay().some(({ callbackId }) => callbackId === due.id)) return;
    if ((rests.get(due.id) ?? 0) > clock.monotonic()) return;
    rests.delete(due.id);
    deps.place(due);
  };

  const told = async (call: OutgoingCall, callbackId: string): Promise<void> => {
    const result = resultOf(call);
    if (result === null) return rest(callbackId);
    await list.tried(callbackId, result, call.reason ?? '');
  };

  const rest = (callbackId: string): void => {
    rests.set(callbackId, clock.monotonic() + restsFor);
    const oldest = rests.size > keptRests ? rests.keys().next().value : undefined;
    if (oldest !== undefined) rests.delete(oldest);
  };

  let busy = false;
  const stop = clock.every(lookEvery, () => {
    if (busy) return;
    busy = true;
    look()
      .catch((error: unknown) => logger.error({ err: error }, 'calling back failed'))
      .finally(() => (busy = false));
  });

  return {
    ended(call) {
      if (call.callbackId === null) return;
      told(call, call.callbackId).catch((error: unknown) =>
        logger.error({ err: error, outgoingId: call.id }, 'the list was not told of a call-back'),
      );
    },
    stop,
  };
}

/** What the list is told of a call-back that has ended; null: it was no try. */
export function resultOf({ outcome, reason }: Pick<OutgoingCall, 'outcome' | 'reason'>): CallbackResult | null {
  switch (outcome) {
    case 'answered':
      return 'reached';
    case 'busy':
    case 'no-answer':
      return outcome;
    case 'declined':
    case 'unreachable':
    case 'failed':
      return 'failed';
    case 'refused':
      // Too many at once, or no trunk, is nothing that he can help.
      return reason === 'at-once' || reason === 'per-hour' || reason === 'no-trunk' ? null : 'refused';
    case 'no-operator':
    case 'cancelled':
    case null:
      return null;
  }
}
