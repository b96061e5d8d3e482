import { Counter } from 'prom-client';
import type { Machine, MachineDeps } from '../asterisk/machine.ts';
import type { CallEntry } from '../calls/runner.ts';
import type { Config } from '../config.ts';
import type { Circle } from '../incidents/need-to-know.ts';
import { messageOf } from '../platform/errors.ts';
import { everyTurn } from '../platform/every-turn.ts';
import { watchLeases } from '../platform/leases.ts';
import type { Metrics } from '../platform/metrics.ts';
import { isUnavailable } from '../platform/postgres.ts';
import type { Route } from '../platform/route.ts';
import type { Settings } from '../settings/setting.ts';
import { aboutCall, aboutStored } from './about-incident.ts';
import { createDelivery } from './deliver.ts';
import type { NotificationMessage } from './message.ts';
import {
  failedAgain,
  type DispatchTold,
  type Notification,
  type NotificationEffect,
  type NotificationEntry,
  type SendResult,
} from './notification.ts';
import { cameOf, notificationLeases } from './outbox.ts';
import type { RecipientDirectory } from './recipient.ts';
import { notificationRoutes } from './routes.ts';
import { createNotificationRunner } from './runner.ts';
import { createTelling, wishesByRules, type AgencyToTell, type NotifyWish, type TellDeps } from './tell.ts';
import type { WebhookLookup } from './webhook.ts';

export interface NotificationsRoom extends Machine {
  readonly routes: Route[];
  /** Tells each of the recipients. Never throws and waits for nothing: told twice for the same reason, they are told once. */
  readonly notify: (wish: NotifyWish) => void;
  /** Tells the contacts of an agency, in their order, until one was reached; `dispatchTold` hears how it ended. */
  readonly notifyAgency: (agency: AgencyToTell) => void;
  /** What came of the messages of these dispatches, as far as that is on record. */
  readonly cameOf: (dispatchIds: readonly string[]) => Promise<DispatchTold[]>;
  /** What is known of an incident, live or on record; undefined when there is none, or PostgreSQL is away. */
  readonly about: (incidentId: string) => Promise<{ message: NotificationMessage; callId: string | null } | undefined>;
  /** Hears of every entry of a call: whom the rules want told is told. */
  readonly heardOf: (entry: CallEntry) => void;
  readonly stop: () => Promise<void>;
}

export interface NotificationsDeps extends MachineDeps {
  config: Pick<Config, 'SIAGA_NODE' | 'SIAGA_REDIS_URL' | 'SIAGA_QUEUE_PREFIX' | 'SIAGA_SMTP_URL' | 'SIAGA_MAIL_FROM'>;
  metrics: Metrics;
  settings: () => Settings;
  recipients: () => RecipientDirectory;
  secretOf: (recipientId: string) => string | undefined;
  /** The contacts of an agency in the order of escalation. */
  contactsOf: (agencyId: string) => readonly string[];
  /** What a message to the agency of a dispatch says beside the incident; null for nothing. */
  noteOf: (dispatchId: string) => NotificationMessage['note'];
  /** The live call of an incident. */
  liveCallOf: TellDeps['liveCallOf'];
  circleOf: (incidentId: string) => Promise<Circle | undefined>;
  recorded: (entry: NotificationEntry) => void;
  dispatchTold: (told: DispatchTold) => void;
  lookup?: WebhookLookup;
}

/** Milliseconds. */
const outboxEvery = 5_000;
const makeUpEvery = 10_000;

/** Tells people: leaders by the rules, agencies' contacts, whoever a clock of an SOP calls for. */
export function startNotifications(deps: NotificationsDeps): NotificationsRoom {
  const { clock, logger, postgres, application } = deps;
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
    recorded: deps.recorded,
    ended({ id, recipientId, state, otherwise, failure }) {
      ended.inc({ state });
      if (state === 'failed' && otherwise.length === 0) {
        deps.alarm('notification-failed', { notificationId: id, recipientId, reason: failure ?? '' });
      }
    },
    carryOut,
    failed: (notification, _input, error) =>
      deps.alarm('decision-failed', { notificationId: notification.id, reason: messageOf(error) }),
  });

  function carryOut(notification: Notification, effect: NotificationEffect): void {
    switch (effect.do) {
      case 'send':
        return hear(notification, effect.attemptId, delivery.attempt(notification, effect));
      case 'stop':
        return delivery.stop(effect.attemptId);
      case 'tell-next':
        return telling.tellFirst({ ...notification, recipientIds: effect.recipientIds });
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
    if (runner.opened(notification.id)) return;
    const at = clock.now();
    if (runner.open(notification)) return void runner.tell(notification.id, { type: 'begin', at });
    logger.error({ notificationId: notification.id }, 'too many notifications at once: this one waits for its turn');
    // On record it is gone on with when there is room.
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

  const about: NotificationsRoom['about'] = async (incidentId) => {
    const call = deps.liveCallOf(incidentId);
    if (call !== undefined) return { message: aboutCall(call), callId: call.id };
    const message = await aboutStored(postgres, incidentId);
    return message && { message, callId: null };
  };

  const telling = createTelling({ ...deps, about, open, opened: (id) => runner.opened(id) });

  const stopOutbox = watchLeases({
    ...deps,
    owner: application,
    leases: notificationLeases,
    mailboxes: runner,
    every: outboxEvery,
    sound: 2,
    mayTake: () => true,
    taken(notification) {
      if (!runner.open(notification)) return;
      logger.info({ notificationId: notification.id }, 'going on with a notification that nobody goes on with');
      const earlier = delivery.follow(notification);
      if (earlier !== null) hear(notification, earlier.attemptId, earlier.outcome);
      runner.tell(notification.id, { type: 'resumed', at: clock.now() });
    },
  });
  const stopMakingUp = everyTurn(clock, makeUpEvery, telling.makeUpForDead, (error) => {
    if (!isUnavailable(error)) logger.error({ err: error }, 'agencies that were to be told cannot be looked for');
  });

  return {
    routes: notificationRoutes({
      ...deps,
      live: (id) => runner.get(id),
      about,
      tell: telling.tellNow,
    }),
    notify: telling.notify,
    notifyAgency: telling.notifyAgency,
    cameOf: (dispatchIds) => cameOf(postgres, dispatchIds),
    about,
    take: (event) => delivery.take(event),
    owns: (channelId) => delivery.owns(channelId),
    heardOf({ input, state }) {
      if (input.type !== 'incident-changed' || input.decision === undefined) return;
      const { ruleSetVersion } = input.decision;
      const recipients = input.tell ?? input.decision.tell;
      const { id: incidentId, version: incidentVersion } = state.incident;
      const told = { ruleSetVersion, incidentVersion, recipients, message: aboutCall(state) };
      for (const wish of wishesByRules(told, { incidentId, callId: state.id })) telling.notify(wish);
    },
    async stop() {
      stopOutbox();
      stopMakingUp();
      runner.stop();
      await delivery.close();
    },
  };
}
