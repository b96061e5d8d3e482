import type { AriCommands } from '../../src/asterisk/commands.ts';
import type { Call } from '../../src/calls/call.ts';
import type { Circle } from '../../src/incidents/need-to-know.ts';
import type { DispatchTold, NotificationEntry } from '../../src/notifications/notification.ts';
import type { Channel, Recipient } from '../../src/notifications/recipient.ts';
import { recipientsOf } from '../../src/notifications/recipient.ts';
import { startNotifications, type NotificationsDeps, type NotificationsRoom } from '../../src/notifications/start.ts';
import { startNotificationWorker } from '../../src/notifications/worker.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import { writeEntries } from '../../src/records/write.ts';
import { defaultSettings } from '../../src/settings/setting.ts';

export const webhookSecret = 'siaga_wh_test';

/** A controller's notifications over real PostgreSQL and Redis; what it journals reaches PostgreSQL at once. */
export interface NotificationRoom extends NotificationsRoom {
  readonly postgres: Postgres;
  readonly entries: NotificationEntry[];
  readonly told: DispatchTold[];
  readonly alarms: string[];
  /** Who can be told from now on; ids are the keys. */
  recipients(list: Record<string, { channels: Channel[]; agencyId?: string; language?: 'id' | 'en' }>): void;
  /** Types of facts, with the channel or reason. */
  facts(recipientId?: string): string[];
  /** How many tries went through the queue. */
  queued(): Promise<number>;
  /** Ends it like a killed process: nothing more is told, renewed or written. */
  kill(): Promise<void>;
  /** Starts a worker as another process would. */
  worker(): { stop: () => Promise<void> };
}

const obedient: AriCommands = {
  send: () => Promise.resolve({ ok: true, status: 200, body: null }),
  close: () => Promise.resolve(),
};

let rooms = 0;

export function startNotificationRoom(options: {
  databaseUrl: string;
  redisUrl: string;
  prefix: string;
  smtpUrl?: string;
  circles?: Map<string, Circle>;
  calls?: Map<string, Call>;
  over?: Partial<NotificationsDeps>;
}): NotificationRoom {
  rooms += 1;
  const application = `siaga-notify-${rooms}`;
  const logger = createLogger('silent');
  const clock = systemClock;
  const postgres = createPostgres(options.databaseUrl, { applicationName: application, logger, clock, max: 3 });
  const entries: NotificationEntry[] = [];
  const told: DispatchTold[] = [];
  const alarms: string[] = [];
  let directory = recipientsOf([]);
  let dead = false;
  let last: Promise<unknown> = Promise.resolve();
  const waiting: NotificationEntry[] = [];
  const project = async (): Promise<void> => {
    const batch = [...waiting];
    if (dead || batch.length === 0) return;
    await postgres
      .transaction((sql) => writeEntries(sql, batch))
      .then(
        () => waiting.splice(0, batch.length),
        () => undefined,
      );
  };
  const stopProjecting = clock.every(50, () => void (last = last.then(project)));
  const metrics = createMetrics();
  const deps: NotificationsDeps = {
    config: {
      SIAGA_NODE: 'n1',
      SIAGA_REDIS_URL: options.redisUrl,
      SIAGA_QUEUE_PREFIX: options.prefix,
      SIAGA_SMTP_URL: options.smtpUrl,
      SIAGA_MAIL_FROM: undefined,
    },
    application,
    ari: obedient,
    postgres,
    clock,
    logger,
    metrics,
    settings: () => ({ ...defaultSettings, webhookNetworks: ['127.0.0.0/8'] }),
    recipients: () => directory,
    secretOf: () => webhookSecret,
    contactsOf: (agencyId) => directory.ofAgency(agencyId).map(({ id }) => id),
    noteOf: () => null,
    liveCallOf: (incidentId) => options.calls?.get(incidentId),
    circleOf: (incidentId) => Promise.resolve(options.circles?.get(incidentId)),
    held: () => dead,
    recorded(entry) {
      if (dead) return;
      entries.push(entry);
      waiting.push(entry);
    },
    synced: () => Promise.resolve(true),
    dispatchTold: (one) => void told.push(one),
    alarm: (code) => void alarms.push(code),
    ...options.over,
  };
  const room = startNotifications(deps);
  const end = async (): Promise<void> => {
    await room.stop();
    stopProjecting();
    await last;
    await project();
    await postgres.close();
  };
  return {
    ...room,
    postgres,
    entries,
    told,
    alarms,
    recipients(list) {
      directory = recipientsOf(
        Object.entries(list).map(([id, { channels, agencyId = null, language = 'id' }]): Recipient => {
          return { id, name: id, agencyId, leader: agencyId === null, language, channels, version: 1 };
        }),
      );
    },
    async queued() {
      const text = await metrics.registry.getSingleMetricAsString('siaga_notification_attempts_total');
      return Number(/way="queue"} (\d+)/.exec(text)?.[1] ?? 0);
    },
    facts: (recipientId) =>
      entries
        .filter(({ state }) => recipientId === undefined || state.recipientId === recipientId)
        .flatMap(({ facts }) => facts.map(({ type }) => type.replace('notification.', ''))),
    async kill() {
      await last;
      dead = true;
      await end();
    },
    worker: () => startNotificationWorker(deps),
    stop: end,
  };
}
