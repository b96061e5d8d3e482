import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { decideNotification } from './decide.ts';
import type { Notification, NotificationEffect, NotificationEntry, NotificationInput } from './notification.ts';

export interface NotificationRunner {
  /** Takes one into this process; false when there are too many already. */
  open(notification: Notification): boolean;
  /** Hands one an input; what is for none of here is dropped. */
  tell(id: string, input: NotificationInput): boolean;
  get(id: string): Notification | undefined;
  /** Those that are not over. */
  unfinished(): Notification[];
  /** How many more can be taken. */
  room(): number;
  /** Somebody else goes on with it. */
  forget(id: string): void;
  stop(): void;
}

interface Mailbox {
  notification: Notification;
  sequence: number;
  waiting: NotificationInput[];
  busy: boolean;
  timer: { dueAt: number; cancel: Cancel } | null;
}

const most = 2_000;
/** One that is over stays so long: what comes late is dropped here, and REST shows how it ended. */
const lingers = 10_000;
const heldFor = 100;

/** One mailbox for each notification; it never waits for an effect. */
export function createNotificationRunner(deps: {
  owner: string;
  clock: Clock;
  logger: Logger;
  /** True while nobody knows what happened during a pause of the process. */
  held: () => boolean;
  /** Journals and tells; must not throw and must not wait. */
  recorded: (entry: NotificationEntry) => void;
  carryOut: (notification: Notification, effect: NotificationEffect) => void;
  /** A decision threw: somebody has to look. */
  failed: (notification: Notification, error: unknown) => void;
}): NotificationRunner {
  const { clock, owner } = deps;
  const mailboxes = new Map<string, Mailbox>();

  const tell = (id: string, input: NotificationInput): boolean => {
    const mailbox = mailboxes.get(id);
    if (mailbox === undefined) return false;
    mailbox.waiting.push(input);
    if (mailbox.busy) return true;
    mailbox.busy = true;
    try {
      for (let next = mailbox.waiting.shift(); next !== undefined; next = mailbox.waiting.shift()) take(mailbox, next);
    } finally {
      mailbox.busy = false;
    }
    return true;
  };

  const take = (mailbox: Mailbox, input: NotificationInput): void => {
    let decision;
    try {
      decision = decideNotification(mailbox.notification, input);
    } catch (error) {
      deps.logger.fatal({ err: error, notificationId: mailbox.notification.id }, 'a decision failed');
      deps.failed(mailbox.notification, error);
      return;
    }
    const { notification, effects, facts } = decision;
    // What comes after the end is none of the record's.
    if (mailbox.notification.endedAt !== null) return;
    mailbox.notification = notification;
    mailbox.sequence += 1;
    const { sequence } = mailbox;
    deps.recorded({ kind: 'notification', owner, sequence, at: input.at, input, facts, state: notification });
    for (const effect of effects) deps.carryOut(notification, effect);
    armTimer(mailbox);
    if (notification.endedAt !== null) clock.after(lingers, () => forget(notification.id));
  };

  const armTimer = (mailbox: Mailbox): void => {
    const { dueAt } = mailbox.notification;
    if (mailbox.timer?.dueAt === dueAt) return;
    mailbox.timer?.cancel();
    mailbox.timer = dueAt === null ? null : at(mailbox, dueAt);
  };

  const at = (mailbox: Mailbox, dueAt: number) => ({
    dueAt,
    cancel: clock.after(Math.max(0, dueAt - clock.now()), () => fire(mailbox)),
  });

  const fire = (mailbox: Mailbox): void => {
    if (mailboxes.get(mailbox.notification.id) !== mailbox) return;
    // This process stood still: what happened meanwhile is heard first.
    if (deps.held()) return void (mailbox.timer = at(mailbox, clock.now() + heldFor));
    mailbox.timer = null;
    tell(mailbox.notification.id, { type: 'timer', at: clock.now() });
    armTimer(mailbox);
  };

  const forget = (id: string): void => {
    mailboxes.get(id)?.timer?.cancel();
    mailboxes.delete(id);
  };

  return {
    open(notification) {
      if (mailboxes.size >= most) return false;
      mailboxes.set(notification.id, { notification, sequence: 0, waiting: [], busy: false, timer: null });
      return true;
    },
    tell,
    get: (id) => mailboxes.get(id)?.notification,
    unfinished: () =>
      [...mailboxes.values()].map(({ notification }) => notification).filter(({ endedAt }) => endedAt === null),
    room: () => most - mailboxes.size,
    forget,
    stop() {
      for (const { timer } of mailboxes.values()) timer?.cancel();
    },
  };
}
