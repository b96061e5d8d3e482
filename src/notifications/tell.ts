import type { Clock } from '../platform/clock.ts';
import { derivedId, timeOf } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
import { aboutCall } from './about-incident.ts';
import type { NotificationMessage } from './message.ts';
import { newNotification, type DispatchTold, type Notification, type NotificationReason } from './notification.ts';
import { cameOf, placeNotification, untoldDispatches } from './outbox.ts';
import type { RecipientDirectory } from './recipient.ts';
import { knownNotifications } from './store.ts';

/** What is asked for: everybody named is told, once for each reason. */
export interface NotifyWish {
  readonly incidentId: string;
  readonly recipientIds: readonly string[];
  readonly reason: NotificationReason;
  /** Made of what is known of the incident (`about`). */
  readonly message: NotificationMessage;
  /** The live call of the incident; null where there is none. */
  readonly callId: string | null;
}

/** An agency that a dispatch of mode `notify` engages. */
export interface AgencyToTell {
  readonly dispatchId: string;
  readonly agencyId: string;
  readonly incidentId: string;
}

/** A live call, as far as messages are about it. */
export type CallToTell = Parameters<typeof aboutCall>[0] & {
  readonly id: string;
  readonly dispatches: readonly { readonly id: string }[];
};

export interface TellDeps {
  application: string;
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  recipients: () => RecipientDirectory;
  /** The contacts of an agency in the order of escalation. */
  contactsOf: (agencyId: string) => readonly string[];
  /** What a message to the agency of a dispatch says beside the incident; null for nothing. */
  noteOf: (dispatchId: string) => NotificationMessage['note'];
  /** The live call of an incident. */
  liveCallOf: (incidentId: string) => CallToTell | undefined;
  about: (incidentId: string) => Promise<{ message: NotificationMessage; callId: string | null } | undefined>;
  dispatchTold: (told: DispatchTold) => void;
  alarm: (code: string, detail: Record<string, string>) => void;
  /** Begins one; told twice, it begins once. */
  open: (notification: Notification) => void;
  /** Whether one was ever begun here. */
  opened: (id: string) => boolean;
}

interface Wish extends NotifyWish {
  readonly dispatchId: string | null;
}

/** Milliseconds: what is not on record by then nobody has asked for, or he has died. */
const askedWithin = 30_000;

export interface Telling {
  /** Tells the first of them that there is; the others are told if he cannot be. */
  readonly tellFirst: (wish: NotifyWish & { readonly dispatchId: string | null }) => void;
  /** Tells them, whoever was told before; the ids of the notifications, in the order of the recipients. */
  readonly tellNow: (wish: NotifyWish) => string[];
  readonly notify: (wish: NotifyWish) => void;
  readonly notifyAgency: (agency: AgencyToTell) => void;
  /** Tells agencies that were to be told, and says of those that were what nobody has heard. */
  readonly makeUpForDead: () => Promise<void>;
}

/** Makes notifications of what is asked for. */
export function createTelling(deps: TellDeps): Telling {
  const { clock, logger, postgres, recipients } = deps;

  /** Undefined: there is no such recipient any more. */
  const make = (wish: Wish, recipientId: string, otherwise: readonly string[]): Notification | undefined => {
    const recipient = recipients().find(recipientId);
    if (recipient === undefined) {
      deps.alarm('recipient-unknown', { recipientId });
      return undefined;
    }
    const { incidentId, callId, reason, message, dispatchId } = wish;
    const { name: recipientName, language, channels } = recipient;
    const id = notificationId(incidentId, recipientId, reason);
    const asked = { incidentId, callId, reason, message, dispatchId };
    return newNotification({ ...asked, id, recipientId, recipientName, language, channels, otherwise }, clock.now());
  };

  /** For the first of them that there is; the others are told if he cannot be. */
  const makeFirst = (wish: Wish): Notification | undefined => {
    for (const [index, recipientId] of wish.recipientIds.entries()) {
      const made = make(wish, recipientId, wish.recipientIds.slice(index + 1));
      if (made !== undefined) return made;
    }
    return undefined;
  };

  const nobody = (dispatchId: string): void =>
    deps.dispatchTold({ dispatchId, outcome: 'failed', reason: 'the agency has nobody who can be told' });

  const tellFirst = (wish: Wish): void => {
    const first = makeFirst(wish);
    if (first !== undefined) deps.open(first);
    else if (wish.dispatchId !== null) nobody(wish.dispatchId);
  };

  const tellAll = (wish: NotifyWish, known: ReadonlySet<string>): string[] => {
    for (const recipientId of new Set(wish.recipientIds)) {
      if (known.has(notificationId(wish.incidentId, recipientId, wish.reason))) continue;
      const made = make({ ...wish, dispatchId: null }, recipientId, []);
      if (made !== undefined) deps.open(made);
    }
    return wish.recipientIds.map((id) => notificationId(wish.incidentId, id, wish.reason));
  };

  /** Those of whom another process has taken care; with PostgreSQL away nobody knows, and they may be told twice. */
  const onRecord = (wish: Pick<NotifyWish, 'incidentId' | 'recipientIds' | 'reason'>): Promise<Set<string>> => {
    const ids = wish.recipientIds.map((id) => notificationId(wish.incidentId, id, wish.reason));
    return knownNotifications(postgres, ids).catch((error: unknown) => {
      logger.debug({ err: error }, 'whether somebody has been told already is not known');
      return new Set<string>();
    });
  };

  const agencyWish = (
    { dispatchId, agencyId, incidentId }: AgencyToTell,
    recipientIds: readonly string[],
    { message, callId }: { message: NotificationMessage; callId: string | null },
  ): Wish => ({
    ...{ incidentId, recipientIds, callId, dispatchId },
    reason: { by: 'dispatch', dispatchId, agencyId },
    message: { ...message, note: deps.noteOf(dispatchId) },
  });

  const aboutOf = async (incidentId: string) => {
    const incident = await deps.about(incidentId);
    if (incident === undefined) throw new Error('the incident is not known');
    return incident;
  };

  /** Of an agency without a live call another process may have taken care already. */
  const tellLater = async (agency: AgencyToTell): Promise<void> => {
    const { dispatchId, agencyId, incidentId } = agency;
    const recipientIds = deps.contactsOf(agencyId);
    const reason = { by: 'dispatch' as const, dispatchId, agencyId };
    if ((await onRecord({ incidentId, recipientIds, reason })).size > 0) return;
    tellFirst(agencyWish(agency, recipientIds, await aboutOf(incidentId)));
  };

  /** What its own owner has died over: nobody was asked to tell it, or the one after him who could not be told. */
  const makeUp = async (agency: AgencyToTell & { readonly asked: readonly string[] }): Promise<void> => {
    const { dispatchId, agencyId, incidentId, asked } = agency;
    const rest = deps.contactsOf(agencyId).filter((id) => !asked.includes(id));
    const first = makeFirst(agencyWish(agency, rest, await aboutOf(incidentId)));
    if (first === undefined) {
      nobody(dispatchId);
      return;
    }
    if (deps.opened(first.id) || !(await placeNotification(postgres, first, deps.application))) return;
    logger.warn({ dispatchId }, 'an agency is told whose message nobody has passed on');
    deps.open(first);
  };

  return {
    tellFirst,
    tellNow: (wish) => tellAll(wish, new Set()),
    notify(wish) {
      // A call's owner alone hears what the rules decide for it, once: nothing is to come between that and the journal.
      if (wish.reason.by === 'rule') {
        tellAll(wish, new Set());
        return;
      }
      onRecord(wish)
        .then((known) => tellAll(wish, known))
        .catch((error: unknown) => logger.error({ err: error, incidentId: wish.incidentId }, 'somebody was not told'));
    },
    notifyAgency(agency) {
      const { dispatchId, agencyId, incidentId } = agency;
      const call = deps.liveCallOf(incidentId);
      // The same holds for what a call decides itself.
      if (call?.dispatches.some(({ id }) => id === dispatchId) === true) {
        tellFirst(agencyWish(agency, deps.contactsOf(agencyId), { message: aboutCall(call), callId: call.id }));
        return;
      }
      tellLater(agency).catch((error: unknown) => {
        logger.error({ err: error, dispatchId }, 'an agency could not be told');
        deps.dispatchTold({ dispatchId, outcome: 'failed', reason: 'a fault of ours' });
      });
    },
    async makeUpForDead() {
      const untold = await untoldDispatches(postgres, clock.now() - askedWithin);
      if (untold.length === 0) return;
      const came = await cameOf(
        postgres,
        untold.map(({ dispatchId }) => dispatchId),
      );
      for (const told of came) deps.dispatchTold(told);
      for (const agency of untold) {
        if (!came.some(({ dispatchId }) => dispatchId === agency.dispatchId)) await makeUp(agency);
      }
    },
  };
}

/** What is to be told to those whom the rules want told: each once, by the last rule that names him. */
export function wishesByRules(
  told: {
    readonly ruleSetVersion: number;
    /** The version of the incident that they were asked about. */
    readonly incidentVersion: number;
    readonly recipients: readonly { readonly recipientId: string; readonly ruleId: string }[];
    readonly message: NotificationMessage;
  },
  { incidentId, callId }: { incidentId: string; callId: string | null },
): NotifyWish[] {
  const { ruleSetVersion, incidentVersion, message } = told;
  const rules = new Map(told.recipients.map(({ recipientId, ruleId }) => [recipientId, ruleId]));
  return [...rules].map(([recipientId, ruleId]) => {
    const reason = { by: 'rule' as const, ruleSetVersion, ruleId, incidentVersion };
    return { incidentId, callId, recipientIds: [recipientId], reason, message };
  });
}

/** The same for the same recipient and reason, whoever asks for it: nobody is told twice. */
function notificationId(incidentId: string, recipientId: string, reason: NotificationReason): string {
  const key = JSON.stringify(Object.entries(reason).sort(([a], [b]) => (a < b ? -1 : 1)));
  return derivedId('notification', incidentId, `${recipientId}|${key}`, timeOf(incidentId));
}
