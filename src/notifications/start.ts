import { Counter } from 'prom-client';
import { z } from 'zod';
import type { AriCommands } from '../asterisk/commands.ts';
import type { AsteriskEvent } from '../asterisk/translate.ts';
import type { CallEntry } from '../calls/runner.ts';
import type { Config } from '../config.ts';
import type { Circle } from '../incidents/need-to-know.ts';
import type { Clock } from '../platform/clock.ts';
import { messageOf } from '../platform/errors.ts';
import { derivedId, timeOf } from '../platform/ids.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import type { Postgres } from '../platform/postgres.ts';
import { closeConnection, createWorkerConnection } from '../platform/redis.ts';
import type { Route } from '../platform/route.ts';
import type { Settings } from '../settings/setting.ts';
import { aboutCall, aboutStored } from './about-incident.ts';
import { createDelivery } from './deliver.ts';
import { createMailer } from './email.ts';
import { failedAgain } from './jobs.ts';
import type { NotificationMessage } from './message.ts';
import {
  newNotification,
  type Notification,
  type NotificationEffect,
  type NotificationEntry,
  type NotificationReason,
  type SendResult,
} from './notification.ts';
import { watchOutbox } from './outbox.ts';
import type { RecipientDirectory } from './recipient.ts';
import { notificationRoutes } from './routes.ts';
import { createNotificationRunner } from './runner.ts';
import { knownNotifications } from './store.ts';
import { startNotifyWorker } from './worker.ts';
import type { WebhookLookup } from './webhook.ts';

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

/** How a dispatch of mode `notify` ended: its agency has been told, or could not be. */
export interface DispatchTold {
  readonly dispatchId: string;
  readonly outcome: 'delivered' | 'acknowledged' | 'failed';
  readonly reason: string | null;
}

export interface NotificationsRoom {
  readonly routes: Route[];
  /** Tells each of the recipients. Never throws and waits for nothing: told twice for the same reason, they are told once. */
  readonly notify: (wish: NotifyWish) => void;
  /** Tells the contacts of an agency, in their order, until one was reached; `dispatchTold` hears how it ended. */
  readonly notifyAgency: (dispatch: { dispatchId: string; agencyId: string; incidentId: string }) => void;
  /** What is known of an incident, live or on record; undefined when there is none, or PostgreSQL is away. */
  readonly about: (incidentId: string) => Promise<{ message: NotificationMessage; callId: string | null } | undefined>;
  /** Takes an event of Asterisk that concerns a voice message; false: it concerns none. */
  readonly take: (event: AsteriskEvent) => boolean;
  readonly owns: (channelId: string) => boolean;
  /** Hears of every entry of a call: whom the rules want told is told. */
  readonly heardOf: (entry: CallEntry) => void;
  readonly stop: () => Promise<void>;
}

export interface NotificationsDeps {
  config: Pick<Config, 'SIAGA_NODE' | 'SIAGA_REDIS_URL' | 'SIAGA_QUEUE_PREFIX' | 'SIAGA_SMTP_URL' | 'SIAGA_MAIL_FROM'>;
  application: string;
  ari: AriCommands;
  postgres: Postgres;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  settings: () => Settings;
  recipients: () => RecipientDirectory;
  secretOf: (recipientId: string) => string | undefined;
  /** The contacts of an agency in the order of escalation; empty: all recipients that belong to it. */
  contactsOf: (agencyId: string) => readonly string[];
  /** What a message to the agency of a dispatch says beside the incident; null for nothing. */
  noteOf: (dispatchId: string) => NotificationMessage['note'];
  /** The live call of an incident. */
  liveCallOf: (incidentId: string) => (Parameters<typeof aboutCall>[0] & { readonly id: string }) | undefined;
  circleOf: (incidentId: string) => Promise<Circle | undefined>;
  held: () => boolean;
  recorded: (entry: NotificationEntry) => void;
  synced: () => Promise<boolean>;
  dispatchTold: (told: DispatchTold) => void;
  alarm: (code: string, detail: Record<string, string>) => void;
  lookup?: WebhookLookup;
}

/** Tells people: leaders by the rules, agencies' contacts, whoever a clock of an SOP calls for. */
export function startNotifications(deps: NotificationsDeps): NotificationsRoom {
  const { clock, logger, postgres, recipients, application } = deps;
  const { registry } = deps.metrics;
  const sends = new Counter({
    name: 'siaga_notification_attempts_total',
    help: 'Tries to tell somebody, through the queue or in line while Redis was away',
    labelNames: ['way'],
    registers: [registry],
  });
  const ended = new Counter({
    name: 'siaga_notifications_total',
    help: 'Notifications that are over, by how they ended',
    labelNames: ['state'],
    registers: [registry],
  });
  const delivery = createDelivery({ ...deps, counted: (way) => sends.inc({ way }) });

  const runner = createNotificationRunner({
    owner: application,
    clock,
    logger,
    held: deps.held,
    recorded(entry) {
      deps.recorded(entry);
      const { id, recipientId, state, endedAt, otherwise, failure } = entry.state;
      if (endedAt === null) return;
      ended.inc({ state });
      if (state === 'failed' && otherwise.length === 0) {
        deps.alarm('notification-failed', { notificationId: id, recipientId, reason: failure ?? '' });
      }
    },
    carryOut,
    failed: (notification, error) =>
      deps.alarm('decision-failed', { notificationId: notification.id, reason: messageOf(error) }),
  });

  function carryOut(notification: Notification, effect: NotificationEffect): void {
    switch (effect.do) {
      case 'send':
        return hear(notification, effect.attemptId, delivery.attempt(notification, effect));
      case 'stop':
        return delivery.stop(effect.attemptId);
      case 'tell-next':
        return tellFirst({ ...notification, recipientIds: effect.recipientIds });
      case 'dispatch-told':
        return deps.dispatchTold(effect);
    }
  }

  function hear({ id }: Notification, attemptId: string, outcome: Promise<SendResult>): void {
    outcome
      .catch((error: unknown) => {
        logger.error({ err: error, attemptId }, 'telling somebody failed unexpectedly');
        return failedAgain('a fault of ours');
      })
      .then((result) => runner.tell(id, { type: 'attempt-ended', at: clock.now(), attemptId, outcome: result }))
      .catch((error: unknown) => logger.fatal({ err: error, attemptId }, 'what came of a try was not passed on'));
  }

  const open = (notification: Notification): void => {
    if (runner.get(notification.id) !== undefined) return;
    const at = clock.now();
    if (runner.open(notification)) return void runner.tell(notification.id, { type: 'begin', at });
    // It is on record: whoever has room goes on with it.
    logger.error({ notificationId: notification.id }, 'too many notifications at once: this one waits');
    deps.recorded({
      kind: 'notification',
      owner: application,
      sequence: 0,
      at,
      input: { type: 'begin', at },
      facts: [],
      state: notification,
    });
  };

  interface Wish extends NotifyWish {
    readonly dispatchId: string | null;
    readonly otherwise: readonly string[];
  }

  /** False: there is no such recipient any more. */
  const tellOne = (wish: Omit<Wish, 'recipientIds'>, recipientId: string): boolean => {
    const recipient = recipients().find(recipientId);
    if (recipient === undefined) return false;
    const { incidentId, callId, reason, message, dispatchId, otherwise } = wish;
    const { name: recipientName, language, channels } = recipient;
    open(
      newNotification(
        {
          id: notificationId(incidentId, recipientId, reason),
          incidentId,
          callId,
          recipientId,
          recipientName,
          language,
          channels,
          reason,
          message,
          dispatchId,
          otherwise,
        },
        clock.now(),
      ),
    );
    return true;
  };

  /** Tells the first of them that there is; the others are told if he cannot be. */
  function tellFirst(wish: Omit<Wish, 'otherwise'>): void {
    for (const [index, recipientId] of wish.recipientIds.entries()) {
      if (tellOne({ ...wish, otherwise: wish.recipientIds.slice(index + 1) }, recipientId)) return;
      deps.alarm('recipient-unknown', { recipientId });
    }
    const { dispatchId } = wish;
    if (dispatchId === null) return;
    deps.dispatchTold({ dispatchId, outcome: 'failed', reason: 'the agency has nobody who can be told' });
  }

  const tellAll = (wish: NotifyWish, known: ReadonlySet<string>): void => {
    for (const recipientId of new Set(wish.recipientIds)) {
      if (known.has(notificationId(wish.incidentId, recipientId, wish.reason))) continue;
      if (!tellOne({ ...wish, dispatchId: null, otherwise: [] }, recipientId)) {
        deps.alarm('recipient-unknown', { recipientId });
      }
    }
  };

  /** Those of whom another process has taken care; with PostgreSQL away nobody knows, and they may be told twice. */
  const onRecord = (wish: Pick<NotifyWish, 'incidentId' | 'recipientIds' | 'reason'>): Promise<Set<string>> => {
    const ids = wish.recipientIds.map((id) => notificationId(wish.incidentId, id, wish.reason));
    return knownNotifications(postgres, ids).catch((error: unknown) => {
      logger.debug({ err: error }, 'whether somebody has been told already is not known');
      return new Set<string>();
    });
  };

  const notify = (wish: NotifyWish): void => {
    // A call's owner alone hears what the rules decide for it, once: nothing is to come between that and the journal.
    if (wish.reason.by === 'rule') return tellAll(wish, new Set());
    onRecord(wish)
      .then((known) => tellAll(wish, known))
      .catch((error: unknown) => logger.error({ err: error, incidentId: wish.incidentId }, 'somebody was not told'));
  };

  const about: NotificationsRoom['about'] = async (incidentId) => {
    const call = deps.liveCallOf(incidentId);
    if (call !== undefined) return { message: aboutCall(call), callId: call.id };
    const message = await aboutStored(postgres, incidentId);
    return message && { message, callId: null };
  };

  const notifyAgency = async (dispatch: {
    dispatchId: string;
    agencyId: string;
    incidentId: string;
  }): Promise<void> => {
    const { dispatchId, agencyId, incidentId } = dispatch;
    const named = deps.contactsOf(agencyId);
    const recipientIds =
      named.length > 0
        ? named
        : recipients()
            .ofAgency(agencyId)
            .map(({ id }) => id);
    const reason: NotificationReason = { by: 'dispatch', dispatchId, agencyId };
    // Another owner of the call may have asked for it already.
    if ((await onRecord({ incidentId, recipientIds, reason })).size > 0) return;
    const incident = await about(incidentId);
    if (incident === undefined) throw new Error('the incident is not known');
    const message = { ...incident.message, note: deps.noteOf(dispatchId) };
    tellFirst({ incidentId, recipientIds, reason, message, callId: incident.callId, dispatchId });
  };

  const stopOutbox = watchOutbox({
    owner: application,
    postgres,
    runner,
    clock,
    logger,
    taken(notification) {
      if (runner.get(notification.id) !== undefined || !runner.open(notification)) return;
      logger.info({ notificationId: notification.id }, 'going on with a notification that another process left');
      const earlier = delivery.follow(notification);
      if (earlier !== null) hear(notification, earlier.attemptId, earlier.outcome);
      runner.tell(notification.id, { type: 'resumed', at: clock.now() });
    },
  });

  return {
    routes: notificationRoutes({
      ...deps,
      live: (id) => runner.get(id),
      about,
      tell(wish) {
        tellAll(wish, new Set());
        return wish.recipientIds.map((id) => notificationId(wish.incidentId, id, wish.reason));
      },
    }),
    notify,
    notifyAgency(dispatch) {
      notifyAgency(dispatch).catch((error: unknown) => {
        logger.error({ err: error, dispatchId: dispatch.dispatchId }, 'an agency could not be told');
        deps.dispatchTold({ dispatchId: dispatch.dispatchId, outcome: 'failed', reason: 'a fault of ours' });
      });
    },
    about,
    take: (event) => delivery.take(event),
    owns: (channelId) => delivery.owns(channelId),
    heardOf({ input, state }) {
      if (input.type !== 'incident-changed' || input.decision === undefined) return;
      const { ruleSetVersion } = input.decision;
      const { id: incidentId, version: incidentVersion } = state.incident;
      const told = new Map(
        (input.tell ?? toldBy(input.decision)).map(({ recipientId, ruleId }) => [recipientId, ruleId]),
      );
      for (const [recipientId, ruleId] of told) {
        const reason = { by: 'rule' as const, ruleSetVersion, ruleId, incidentVersion };
        notify({ incidentId, callId: state.id, recipientIds: [recipientId], reason, message: aboutCall(state) });
      }
    },
    async stop() {
      stopOutbox();
      runner.stop();
      await delivery.close();
    },
  };
}

const deciding = z.object({
  tell: z.array(z.object({ recipientId: z.string(), ruleId: z.string() })).default([]),
});

/** Whom a decision wants told; decisions of older versions named nobody. */
function toldBy(decision: object): z.output<typeof deciding>['tell'] {
  return deciding.parse(decision).tell;
}

/** The same for the same recipient and reason, whoever asks for it: nobody is told twice. */
function notificationId(incidentId: string, recipientId: string, reason: NotificationReason): string {
  const key = JSON.stringify(Object.entries(reason).sort(([a], [b]) => (a < b ? -1 : 1)));
  return derivedId('notification', incidentId, `${recipientId}|${key}`, timeOf(incidentId));
}

/** The worker's side: sends what the controllers of the node put in the queue. */
export function startNotificationWorker(deps: {
  config: NotificationsDeps['config'];
  application: string;
  ari: AriCommands;
  clock: Clock;
  logger: Logger;
}): { stop: () => Promise<void> } {
  const { config, application, clock, logger } = deps;
  const connection = createWorkerConnection(config.SIAGA_REDIS_URL, { logger, name: `${application}-notify-worker` });
  const worker = startNotifyWorker({
    ...deps,
    node: config.SIAGA_NODE,
    prefix: config.SIAGA_QUEUE_PREFIX,
    connection,
    mailer: config.SIAGA_SMTP_URL === undefined ? null : createMailer(config.SIAGA_SMTP_URL, { clock }),
  });
  return {
    async stop() {
      await worker.close();
      closeConnection(connection);
    },
  };
}
