import AsteriskManager from 'asterisk-manager';
import { z } from 'zod';
import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AriCommands } from './commands.ts';
import { watchEndpoints } from './endpoints.ts';
import { probePrefix } from './provisioning.ts';
import { readChannels } from './translate.ts';

/** Whether a phone or trunk can be reached, as Asterisk sees it. */
export interface Contact {
  endpoint: string;
  present: boolean;
  /** What it registered over; a snapshot does not tell. */
  transport?: 'udp' | 'tcp' | 'tls';
  /** It is in a call that is none of this controller's; only a snapshot tells. */
  inUse?: boolean;
}

const contactStatus = z.object({ aor: z.string(), contactstatus: z.string(), uri: z.string().optional() });
const present = new Set(['Created', 'Reachable', 'NonQualified', 'Updated']);
const absent = new Set(['Removed', 'Unreachable']);
/** What an OPTIONS has shown. */
const asked = new Set(['Reachable', 'Unreachable']);

/** Reads one AMI ContactStatus event; null for one that says nothing about presence. */
export function readContactStatus(event: unknown): Contact | null {
  const parsed = contactStatus.safeParse(event);
  if (!parsed.success) return null;
  const { aor, contactstatus, uri } = parsed.data;
  // That a trunk's address was written down says nothing of whoever is there.
  if (aor.startsWith(probePrefix) && !asked.has(contactstatus)) return null;
  const transport = uri === undefined ? null : transportOf(uri);
  if (present.has(contactstatus)) return { endpoint: aor, present: true, ...(transport === null ? {} : { transport }) };
  return absent.has(contactstatus) ? { endpoint: aor, present: false } : null;
}

/**
 * Reads one event after the other. Of a phone that registers anew from elsewhere (another port of its NAT is enough) Asterisk tells
 * the new contact, and then that the old one is removed: it is gone when none is left.
 */
export function readContacts(): { read: (event: unknown) => Contact | null; forget: (endpoint?: string) => void } {
  const addresses = new Map<string, Set<string>>();
  return {
    read(event) {
      const contact = readContactStatus(event);
      if (contact === null) return null;
      const { contactstatus, uri } = contactStatus.parse(event);
      const known = addresses.get(contact.endpoint) ?? new Set<string>();
      if (contact.present && uri !== undefined) addresses.set(contact.endpoint, known.add(uri));
      if (contactstatus !== 'Removed') return contact;
      if (uri !== undefined) known.delete(uri);
      if (known.size > 0) return null;
      addresses.delete(contact.endpoint);
      return contact;
    },
    forget(endpoint) {
      if (endpoint === undefined) addresses.clear();
      else addresses.delete(endpoint);
    },
  };
}

/** Of a contact as Asterisk keeps it (`rewrite_contact`: what the phone really came by); null for any other. */
function transportOf(uri: string): 'udp' | 'tcp' | 'tls' | null {
  const [, named = 'udp'] = /;transport=([a-z]+)/i.exec(uri) ?? [];
  const transport = named.toLowerCase();
  if (/^sips:/i.test(uri)) return 'tls';
  return transport === 'udp' || transport === 'tcp' || transport === 'tls' ? transport : null;
}

const reconnectAfter = 1_000;
const snapshotEvery = 5_000;
/** While phones are in use by others' calls: nothing else tells when they are free again. */
const snapshotSoon = 1_000;

/**
 * Follows registrations: AMI tells of changes at once (asterisk-manager, a user that may only read events); a snapshot
 * every five seconds and after each reconnect corrects what was missed, and tells which phones are in calls that are not
 * ours; every second while there are such.
 */
export function startContactMonitor(deps: {
  host: string;
  port: number;
  user: string;
  password: string;
  clock: Clock;
  logger: Logger;
  ari: AriCommands;
  /** This controller has the channel in hand, as a leg of its own. */
  ours: (channelId: string) => boolean;
  onContact: (contact: Contact) => void;
}): { stop: () => void; connected: () => boolean } {
  const { clock, logger, onContact } = deps;
  const contacts = readContacts();
  let manager: ReturnType<typeof AsteriskManager> | null = null;
  let stopped = false;
  let connected = false;
  let reported = false;
  let cancelReconnect: Cancel | undefined;

  const connect = (): void => {
    if (stopped) return;
    // What was removed meanwhile nobody has told.
    contacts.forget();
    // A fresh one for every connection: its own reconnecting waits ten seconds and more.
    const current = AsteriskManager(deps.port, deps.host, deps.user, deps.password, true);
    manager = current;
    current.on('fullybooted', () => {
      connected = true;
      reported = false;
      logger.info('following registrations over AMI');
      void snapshot();
    });
    current.on('contactstatus', (event: unknown) => {
      const contact = contacts.read(event);
      if (contact !== null) onContact(contact);
    });
    current.on('close', () => {
      if (manager !== current || stopped) return;
      manager = null;
      if (!reported) logger.warn('AMI is away; registrations come from snapshots until it is back');
      reported = true;
      connected = false;
      cancelReconnect = clock.after(reconnectAfter, connect);
    });
  };

  const look = watchEndpoints(deps.ours);
  let hadStrangers = true;
  const listed = async (): Promise<ReadonlySet<string> | undefined> => {
    const answer = await deps.ari.send('GET', '/channels');
    return answer.ok ? new Set(readChannels(answer.body).map(({ id }) => id)) : undefined;
  };
  let listing = false;
  let cancelSnapshot: Cancel | undefined;
  const snapshot = async (): Promise<void> => {
    if (listing) return;
    listing = true;
    cancelSnapshot?.();
    let next = snapshotEvery;
    try {
      const answer = await deps.ari.send('GET', '/endpoints/PJSIP');
      if (!answer.ok) logger.debug({ reason: answer.reason }, 'no snapshot of the endpoints');
      else {
        const { seen, strangers } = look(answer.body, hadStrangers ? await listed() : undefined);
        hadStrangers = strangers;
        next = strangers ? snapshotSoon : snapshotEvery;
        for (const contact of seen) {
          if (!contact.present) contacts.forget(contact.endpoint);
          onContact(contact);
        }
      }
    } catch (error) {
      logger.error({ err: error }, 'a snapshot of the endpoints could not be taken in');
    } finally {
      listing = false;
      if (!stopped) cancelSnapshot = clock.after(next, () => void snapshot());
    }
  };

  connect();
  void snapshot();
  return {
    connected: () => connected,
    stop() {
      stopped = true;
      cancelReconnect?.();
      cancelSnapshot?.();
      manager?.disconnect();
    },
  };
}
