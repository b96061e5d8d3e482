import { Counter } from 'prom-client';
import type { Config } from '../config.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { Metrics } from '../platform/metrics.ts';
import { startContactMonitor, type Contact } from './contact-monitor.ts';
import { openEventSocket } from './event-socket.ts';
import type { AriCommands } from './commands.ts';
import { createProvisioning, type Provisioning } from './provisioning.ts';
import { startRefusalWatch, type Refusal } from './refusals.ts';
import type { AsteriskEvent } from './translate.ts';

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
  ari: AriCommands;
  onEvent: (event: AsteriskEvent) => void;
  onConnected: () => void;
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
  let parts: ReturnType<typeof openAll> | null = null;
  const openAll = () => {
    const socket = openEventSocket({
      url: config.SIAGA_ARI_URL,
      user: config.SIAGA_ARI_USER,
      password: config.SIAGA_ARI_PASSWORD,
      application,
      clock,
      logger,
      onEvent: deps.onEvent,
      onConnected: deps.onConnected,
      onPong: deps.onPong,
      onDisconnected: () => deps.alarm('asterisk-away', { application }),
      onReplaced: () => deps.alarm('application-replaced', { application }),
      onFrame: (kind) => frames.inc({ kind }),
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
    stop(): void {
      parts?.socket.close();
      parts?.contacts.stop();
      parts?.refusals.stop();
    },
  };
}
