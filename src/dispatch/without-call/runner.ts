import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logger.ts';
import { createMailboxes, type Mailboxes } from '../../platform/mailboxes.ts';
import { decideWithoutCall } from './decide.ts';
import type { WithoutCall, WithoutCallEffect, WithoutCallEntry, WithoutCallInput } from './without-call.ts';

/** Dispatches without a call of this process, found also by their single dispatches and by all channels of their legs. */
export type WithoutCallRunner = Mailboxes<WithoutCall, WithoutCallInput>;

const most = 1_000;

/** One mailbox for the dispatches that were made at one moment without a call. */
export function createWithoutCallRunner(deps: {
  clock: Clock;
  logger: Logger;
  held: () => boolean;
  recorded: (entry: WithoutCallEntry) => void;
  carryOut: (state: WithoutCall, effect: WithoutCallEffect) => void;
  failed: (state: WithoutCall, input: string, error: unknown) => void;
}): WithoutCallRunner {
  const mailboxes = createMailboxes({
    ...deps,
    most,
    decide: decideWithoutCall,
    timersOf: ({ timers }) => Object.entries(timers),
    timer: (name, at): WithoutCallInput => ({ type: 'timer', at, name }),
    // With them the ids of the channels of its legs begin. One that is asked instead comes later.
    namesOf: ({ id, dispatches }) => [id, ...dispatches.map((one) => one.id)],
    recorded: (made) => deps.recorded({ kind: 'without-call', ...made }),
  });
  return { ...mailboxes, ownerOf: (channelId) => mailboxes.ownerOf(channelId.split('.')[0] ?? '') };
}
