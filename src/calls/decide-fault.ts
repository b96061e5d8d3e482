// What becomes of a call whose decision threw. It must not throw itself: it reads the state as it was before, and no more.

import type { Call } from './call.ts';
import { isTalking, operatorLegs } from './company.ts';
import type { AriEffect, Fact } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import { legsOf } from './channels.ts';

/** An operator who is free again. */
export interface Freed {
  operatorId: string;
  assignmentId: string;
}

/** A call that is given to the human path, with all that has to be done for it. */
export interface GivenUp {
  state: Call;
  effects: AriEffect[];
  facts: Fact[];
  freed: Freed[];
}

/**
 * A decision that throws is our fault, not the caller's. Two who talk go on as if the input had not come (null), unless it
 * says that one of them has gone; anybody else is given to the human path.
 */
export function decideFault(call: Call, input: CallInput): GivenUp | null {
  if (isTalking(call) && input.type !== 'caller-gone' && input.type !== 'leg-gone') return null;
  const reason = 'a decision failed';
  const bridges = [call.bridge?.id, ...call.monitors.map((monitor) => monitor.bridgeId)];
  return {
    state: {
      ...call,
      stage: 'returned',
      outcome: 'returned',
      endedAt: input.at,
      reason,
      timers: {},
      monitors: [],
    },
    effects: [
      ...legsOf(call).map((channelId): AriEffect => ({ do: 'hang-up', channelId, cause: 'normal' })),
      { do: 'return-to-dialplan', channelId: call.channelId },
      ...bridges.flatMap((bridgeId): AriEffect[] =>
        typeof bridgeId === 'string' ? [{ do: 'destroy-bridge', bridgeId }] : [],
      ),
    ],
    facts: [{ type: 'call.returned', detail: { reason } }],
    freed: [...operatorLegs(call), ...call.parties, ...call.monitors].flatMap(({ operatorId, assignmentId }) =>
      operatorId === null || assignmentId === null ? [] : [{ operatorId, assignmentId }],
    ),
  };
}

/** Whom the line named by inputs that came to nothing. */
export function namedBy(inputs: readonly CallInput[]): Freed[] {
  return inputs.filter((one) => one.type === 'operator-assigned' || one.type === 'operator-reserved');
}
