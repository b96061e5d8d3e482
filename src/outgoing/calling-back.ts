import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { OutgoingCall } from './outgoing.ts';

/** Somebody to be called back: a caller who gave up before anybody answered, or who reported by an app and asked for it. */
export interface DueCallback {
  readonly id: string;
  /** Null: he has reported by an app. */
  readonly callId: string | null;
  readonly incidentId: string;
  readonly number: string | null;
  /** Who wants him called now: an operator's id, or a token's; null: the schedule. */
  readonly askedBy: string | null;
}

/** How a try went. `not-tried` uses up none: no operator was there, or a caller waits. */
export type CallbackResult = 'reached' | 'not-reached' | 'not-tried';

/** The list of those to be called back, as far as calling them needs it. Tries and their spacing are the list's. */
export interface CallbackList {
  /** Who is to be called next, now, taken until `tried` says how it went; null: nobody. */
  nextDue(): Promise<DueCallback | null>;
  tried(id: string, result: CallbackResult, reason: string): Promise<void>;
  /** Hears that somebody may be due: a job of his came up. */
  onDue(fn: () => void): Cancel;
}

export interface Callbacks {
  /** An outgoing call has ended: if it called somebody back, the list is told. */
  ended(call: OutgoingCall): void;
  stop: Cancel;
}

/** Should a job be lost, and for operators who become free. */
const lookEvery = 2_000;

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
  place: (due: DueCallback & { readonly number: string }) => Promise<void>;
}): Callbacks {
  const { list, clock, logger } = deps;

  const hasRoom = (): boolean => deps.mayStart() && !deps.callersWait() && deps.underWay().length < deps.atOnce();

  const look = async (): Promise<void> => {
    if (!hasRoom()) return;
    const due = await list.nextDue();
    // A caller may have come while the list was asked.
    if (due === null) return;
    if (!hasRoom()) return list.tried(due.id, 'not-tried', 'a caller waits');
    if (due.number === null) return list.tried(due.id, 'not-reached', 'no number');
    await deps.place({ ...due, number: due.number });
  };

  let busy = false;
  const start = (): void => {
    if (busy) return;
    busy = true;
    look()
      .catch((error: unknown) => logger.error({ err: error }, 'calling back failed'))
      .finally(() => (busy = false));
  };
  const stopLooking = clock.every(lookEvery, start);
  const stopListening = list.onDue(start);

  return {
    ended(call) {
      if (call.callbackId === null) return;
      const { id, callbackId, outcome, reason } = call;
      list
        .tried(callbackId, resultOf(call), `${outcome ?? ''}: ${reason ?? ''}`)
        .catch((error: unknown) =>
          logger.error({ err: error, outgoingId: id }, 'the list was not told of a call-back'),
        );
    },
    stop() {
      stopLooking();
      stopListening();
    },
  };
}

/** What the list is told of a call-back that has ended. */
export function resultOf({ outcome, reason }: Pick<OutgoingCall, 'outcome' | 'reason'>): CallbackResult {
  switch (outcome) {
    case 'answered':
      return 'reached';
    case 'busy':
    case 'no-answer':
    case 'declined':
    case 'unreachable':
    case 'failed':
      return 'not-reached';
    case 'refused':
      // Too many at once, or no trunk, is nothing that he can help.
      return reason === 'at-once' || reason === 'per-hour' || reason === 'no-trunk' ? 'not-tried' : 'not-reached';
    case 'no-operator':
    case 'cancelled':
    case null:
      return 'not-tried';
  }
}
