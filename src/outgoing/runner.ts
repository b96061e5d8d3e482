import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createMailboxes, type Mailboxes } from '../platform/mailboxes.ts';
import { decideOutgoing } from './decide.ts';
import type { OutgoingCall, OutgoingEffect, OutgoingEntry, OutgoingInput, OutgoingTimer } from './outgoing.ts';

/** Calls to the outside of this process, found by their channels. */
export type OutgoingRunner = Mailboxes<OutgoingCall, OutgoingInput>;

/** One mailbox for each call to the outside. */
export function createOutgoingRunner(deps: {
  clock: Clock;
  logger: Logger;
  held: () => boolean;
  recorded: (entry: OutgoingEntry) => void;
  carryOut: (call: OutgoingCall, effect: OutgoingEffect) => void;
  ended: (call: OutgoingCall) => void;
  failed: (call: OutgoingCall, input: string, error: unknown) => void;
}): OutgoingRunner {
  return createMailboxes({
    ...deps,
    // Limits of their own hold them down.
    most: Number.POSITIVE_INFINITY,
    decide(before: OutgoingCall, input: OutgoingInput) {
      const { call: state, effects, facts } = decideOutgoing(before, input);
      return { state, effects, facts };
    },
    timersOf,
    timer: (name, at) => ({ type: 'timer', at, name }),
    namesOf: ({ operator, outside }) => [operator.channelId, outside.channelId],
    recorded: (made) => deps.recorded({ kind: 'outgoing', ...made }),
  });
}

const timerNames = ['reserve', 'operator', 'outside', 'closing', 'warning', 'duration'] as const;

function timersOf({ timers }: OutgoingCall): [OutgoingTimer, number][] {
  return timerNames.flatMap((name): [OutgoingTimer, number][] => {
    const dueAt = timers[name];
    return dueAt === undefined ? [] : [[name, dueAt]];
  });
}
