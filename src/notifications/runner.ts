import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { createMailboxes, type Mailboxes } from '../platform/mailboxes.ts';
import { decideNotification } from './decide.ts';
import type { Notification, NotificationEffect, NotificationEntry, NotificationInput } from './notification.ts';

export type NotificationRunner = Mailboxes<Notification, NotificationInput>;

const most = 2_000;

/** One mailbox for each notification. */
export function createNotificationRunner(deps: {
  owner: string;
  clock: Clock;
  logger: Logger;
  held: () => boolean;
  recorded: (entry: NotificationEntry) => void;
  carryOut: (notification: Notification, effect: NotificationEffect) => void;
  ended: (notification: Notification) => void;
  failed: (notification: Notification, input: string, error: unknown) => void;
}): NotificationRunner {
  const { owner } = deps;
  return createMailboxes({
    ...deps,
    most,
    decide(before: Notification, input: NotificationInput) {
      const { notification: state, effects, facts } = decideNotification(before, input);
      return { state, effects, facts };
    },
    timersOf: ({ dueAt }) => (dueAt === null ? [] : [['due', dueAt]]),
    timer: (_name, at) => ({ type: 'timer', at }),
    recorded: ({ sequence, at, input, facts, state }) =>
      deps.recorded({ kind: 'notification', owner, sequence, at, input, facts, state }),
  });
}
