import { Counter } from 'prom-client';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { startContactMonitor, type Contact } from './contact-monitor.ts';
import { openEventSocket, type EventSocket } from './event-socket.ts';
import type { AriCommands } from './commands.ts';
import { createProvisioning, type Provisioning } from './provisioning.ts';
import { startRefusalWatch, type Refusal } from './refusals.ts';
import type { OwnAri } from './subscriptions.ts';
import { notToBeTold, type AsteriskEvent } from './translate.ts';

/** How Asterisk calls itself in its own INVITEs (pjsip.conf, user_agent). */
const userAgent = 'Siaga 112';

export function provisioningOf(config: Config, ari: AriCommands): Provisioning {
  const { SIAGA_ARI_URL: url, SIAGA_ARI_USER: user, SIAGA_ARI_PASSWORD: password } = config;
  return createProvisioning({ url, user, password, probe: (path) => ari.send('GET', path) });
}

/** Listens to everything Asterisk tells: events of the application, registrations, copies of SIP messages. */
export function listenToAsterisk(deps: {
  config: Config;
  application: string;
  clock: Clock;
  logger: Logger;
  metrics: Metrics;
  ari: AriCommands & Pick<OwnAri, 'forgetSubscriptions'>;
  onEvent: (event: AsteriskEvent) => void;
  onConnected: () => void;
  /** The socket of a dead controller's application is connected anew: what was told meanwhile is lost. */
  onHeardAgain: () => void;
  /** Another process took this one for dead, and its application: nothing may be done here any more. */
  onReplaced: () => void;
  onPong: () => void;
  /** The channel is a leg of this controller's own. */
  ours: (channelId: string) => boolean;
  onContact: (contact: Contact) => void;
  /** Changes of contacts are told from now on. */
  onContactsFollowed: () => void;
  onRefusal: (refusal: Refusal) => void;
  knownSipCall: (sipCallId: string) => boolean;
  alarm: (code: string, detail: Record<string, string>) => void;
}) {
  const { config, application, clock, logger } = deps;
  const frames = new Counter({
    name: 'siaga_event_frames_total',
    help: 'Frames of the event socket, by what became of them',
    labelNames: ['kind'],
    registers: [deps.metrics.registry],
  });
  const reader = {
    url: config.SIAGA_ARI_URL,
    user: config.SIAGA_ARI_USER,
    password: config.SIAGA_ARI_PASSWORD,
    clock,
    logger,
    onFrame: (kind: string): void => frames.inc({ kind }),
  };
  const ofDead = hearDead({ ...deps, open: (of) => openEventSocket({ ...reader, ...of }) });
  /** Where it is refused there is more to read, and nothing else is amiss. */
  const tellLess = async (): Promise<void> => {
    const body = { disallowed: notToBeTold.map((type) => ({ type })) };
    const answer = await deps.ari.send('PUT', `/applications/${application}/eventFilter`, undefined, body);
    if (!answer.ok) logger.warn({ reason: answer.reason }, 'Asterisk goes on telling what nobody needs');
  };
  let parts: ReturnType<typeof openAll> | null = null;
  const openAll = () => {
    const socket = openEventSocket({
      ...reader,
      application,
      onReplaced: deps.onReplaced,
      onEvent: deps.onEvent,
      onConnected() {
        deps.ari.forgetSubscriptions();
        void tellLess();
        deps.onConnected();
      },
      onPong: deps.onPong,
      onDisconnected() {
        deps.ari.forgetSubscriptions();
        deps.alarm('asterisk-away', { application });
      },
    });
    const contacts = startContactMonitor({
      host: config.SIAGA_AMI_HOST,
      port: config.SIAGA_AMI_PORT,
      user: config.SIAGA_AMI_USER,
      password: config.SIAGA_AMI_PASSWORD,
      clock,
      logger,
      ari: deps.ari,
      ours: deps.ours,
      onContact: deps.onContact,
      onConnected: deps.onContactsFollowed,
    });
    const refusals = startRefusalWatch({
      host: config.SIAGA_HEP_HOST,
      port: config.SIAGA_HEP_PORT,
      clock,
      logger,
      userAgent,
      known: deps.knownSipCall,
      onRefusal: deps.onRefusal,
    });
    return { socket, contacts, refusals };
  };
  return {
    /** Connects: from now on calls can come. */
    open(): void {
      parts ??= openAll();
    },
    connected: () => parts?.socket.connected() ?? false,
    /** Connected, and Asterisk has spoken or answered a ping within two seconds. */
    hears: () => parts !== null && parts.socket.connected() && parts.socket.silentFor() < 2_000,
    registrationsFollowed: () => parts?.contacts.connected() ?? false,
    ofDead,
    stop(): void {
      ofDead.stop();
      parts?.socket.close();
      parts?.contacts.stop();
      parts?.refusals.stop();
    },
  };
}

const connectWithin = 2_000;
const hearAgainAfter = 1_000;
/** Events of a dead one's application that wait until its calls are known here. Of more, the oldest go: they are made up for. */
const waitingAtMost = 5_000;

/**
 * The applications of dead controllers, heard as if they were this one's. What they tell waits until `release`, and comes in
 * order then: before it nobody knows their calls.
 */
function hearDead(deps: {
  clock: Clock;
  logger: Logger;
  onEvent: (event: AsteriskEvent) => void;
  onHeardAgain: () => void;
  open: (
    of: Omit<Parameters<typeof openEventSocket>[0], 'url' | 'user' | 'password' | 'clock' | 'logger' | 'onFrame'>,
  ) => EventSocket;
}) {
  const { clock, logger } = deps;
  const sockets = new Map<string, { socket: EventSocket; waiting: AsteriskEvent[] | null }>();
  const letGo = (application: string): void => {
    sockets.get(application)?.socket.close();
    sockets.delete(application);
  };

  const take = (application: string, event: AsteriskEvent): void => {
    const waiting = sockets.get(application)?.waiting ?? null;
    if (waiting === null) {
      deps.onEvent(event);
      return;
    }
    waiting.push(event);
    if (waiting.length <= waitingAtMost) return;
    waiting.shift();
    logger.warn({ application }, 'too many events of a dead controller wait; the oldest was dropped');
  };

  const open = (application: string, waiting: AsteriskEvent[] | null, connected: () => void): EventSocket => {
    const socket = deps.open({
      application,
      onEvent: (event) => take(application, event),
      onConnected() {
        connected();
        if (sockets.get(application)?.waiting === null) deps.onHeardAgain();
      },
      onDisconnected: () => logger.warn({ application }, "a dead controller's application is not heard"),
      onReplaced() {
        // Its owner has woken and connected anew, and ends when he learns what has become of his calls.
        logger.warn({ application }, "a dead controller's application was connected by somebody else");
        clock.after(hearAgainAfter, () => {
          const heard = sockets.get(application);
          if (heard?.socket !== socket) return;
          socket.close();
          open(application, heard.waiting, () => undefined);
        });
      },
      onPong: () => undefined,
    });
    sockets.set(application, { socket, waiting });
    return socket;
  };

  return {
    /** False: it could not be connected within two seconds, and is not heard. */
    hear: (application: string): Promise<boolean> =>
      new Promise((resolve) => {
        letGo(application);
        const cancel = clock.after(connectWithin, () => {
          if (sockets.get(application)?.socket === socket) letGo(application);
          resolve(false);
        });
        const socket = open(application, [], () => {
          cancel();
          resolve(true);
        });
      }),
    release(application: string): void {
      const heard = sockets.get(application);
      if (heard === undefined) return;
      const waiting = heard.waiting ?? [];
      heard.waiting = null;
      for (const event of waiting) deps.onEvent(event);
    },
    /** Nothing more of it is in Asterisk. */
    letGo,
    stop: () => [...sockets.keys()].forEach(letGo),
  };
}
