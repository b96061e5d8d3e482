import ari from 'ari-client';
import { createHash } from 'node:crypto';
import type { AriAnswer } from './commands.ts';

/** An account or trunk as Asterisk's PJSIP configuration wants it. */
export interface PjsipObject {
  type: 'endpoint' | 'auth' | 'aor';
  id: string;
  fields: Record<string, string>;
}

/** Accounts, pushed over REST, off the call path. */
export interface Provisioning {
  /** Creates or replaces the objects. Rejects when Asterisk does not take them. */
  put(objects: PjsipObject[]): Promise<void>;
  remove(objects: Pick<PjsipObject, 'type' | 'id'>[]): Promise<void>;
  /** Whether Asterisk is configured with a transport of that name. Rejects when it does not say. */
  hasTransport(id: string): Promise<boolean>;
}

/** The transport for phones over TLS; render.sh writes it where a certificate is set. */
export const tlsTransport = 'transport-tls';

/** ari-client has no limit of its own: a request to a dead Asterisk would be pending for ever. */
const limit = 5_000;

/**
 * ari-client is used for what it is fit for: provisioning. It connects on first use and anew after a failure
 * (docs/adr/0003).
 */
export function createProvisioning(options: {
  url: string;
  user: string;
  password: string;
  /** GET of an ARI path by other means. */
  probe: (path: string) => Promise<AriAnswer>;
}): Provisioning {
  let client: Promise<ari.Client> | null = null;

  /**
   * ari-client throws out of a callback, and so ends the process, when Asterisk answers its first request with an error.
   * That request is made with our own hand before, and ari-client gets to see only an Asterisk that answers it.
   */
  const connect = async (): Promise<ari.Client> => {
    const answer = await options.probe('/api-docs/resources.json');
    if (!answer.ok) throw new Error(`Asterisk is not ready: ${answer.reason}`);
    return ari.connect(options.url, options.user, options.password);
  };

  const withClient = async <T>(work: (client: ari.Client) => Promise<T>): Promise<T> => {
    client ??= connect();
    const current = client;
    try {
      return await within(limit, current.then(work));
    } catch (error) {
      if (client === current) client = null;
      throw error instanceof Error ? error : new Error(`Asterisk refused: ${String(error)}`);
    }
  };

  /**
   * An address of record that is written while a phone is registered with it keeps that phone's address for ever, beside
   * the registered one (seen with Asterisk 22.10.1): the phone would ring twice, and be taken for present when it has
   * gone. So it is written when it is not there yet; changed when nobody is registered; and else left as it is.
   */
  const mayBePut = async (object: PjsipObject): Promise<boolean> => {
    const there = await found(object);
    if (object.fields['contact'] === undefined) return (there?.get('contact') ?? '') === '';
    // One with an address of its own would have a new address beside the old one: it is made anew.
    if (there === null) return true;
    if (isSame(object, there)) return false;
    await remove(object);
    return true;
  };

  const found = async (object: PjsipObject): Promise<ReadonlyMap<string, string> | null> => {
    try {
      const there = await withClient((connected) => connected.asterisk.getObject(named(object)));
      // An address of record tells each of its contacts by itself.
      const values = new Map<string, string>();
      for (const { attribute, value } of there) {
        const before = values.get(attribute);
        values.set(attribute, before === undefined ? value : `${before},${value}`);
      }
      return values;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  };

  const remove = async (object: Pick<PjsipObject, 'type' | 'id'>): Promise<void> => {
    try {
      await withClient((connected) => connected.asterisk.deleteObject(named(object)));
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  };

  return {
    async put(objects) {
      for (const object of objects) {
        refuseControlCharacters(object);
        if (object.type === 'aor' && !(await mayBePut(object))) continue;
        await withClient((connected) =>
          connected.asterisk.updateObject({
            ...named(object),
            fields: Object.entries(object.fields).map(([attribute, value]) => ({ attribute, value })),
          }),
        );
        // Somebody who read it while it was made anew may have brought what it was before back into Asterisk's cache.
        if (object.fields['contact'] === undefined) continue;
        const there = await found(object);
        if (there === null || !isSame(object, there)) throw new Error('Asterisk has not got what it was given');
      }
    },
    async hasTransport(id) {
      const answer = await options.probe(`/asterisk/config/dynamic/res_pjsip/transport/${id}`);
      if (answer.ok) return true;
      if (answer.failure === 'gone') return false;
      throw new Error(`Asterisk did not tell its transports: ${answer.reason}`);
    },
    async remove(objects) {
      for (const object of objects) await remove(object);
    },
  };
}

/** What a desk's phone has to be given in Asterisk. */
export interface PhoneAccount {
  /** Where its calls go: `from-operator`, or `refused`. */
  context: string;
  account: string;
  passwordDigest: string;
  callerId: string;
  /** `srtp`: speech that is not encrypted is refused (488). `rtp`: a phone that offers SRTP gets it. */
  media: 'rtp' | 'srtp';
}

/** The objects that an account is made of. */
export function accountObjects(account: string): Pick<PjsipObject, 'type' | 'id'>[] {
  return (['auth', 'aor', 'endpoint'] as const).map((type) => ({ type, id: account }));
}

/** The account of a desk's phone: digest authentication, no password kept in clear anywhere. */
export function phoneAccount({ context, account, passwordDigest, callerId, media }: PhoneAccount): PjsipObject[] {
  return [
    {
      type: 'auth',
      id: account,
      fields: { auth_type: 'digest', username: account, password_digest: `MD5:${passwordDigest}` },
    },
    {
      type: 'aor',
      id: account,
      // No OPTIONS: a phone that does not answer them would be taken for dead, and it could well have rung. A phone
      // that has died is found by its registration, which is short, and by not answering.
      fields: { max_contacts: '1', remove_existing: 'yes', default_expiration: '120', maximum_expiration: '120' },
    },
    {
      type: 'endpoint',
      id: account,
      fields: {
        context,
        aors: account,
        auth: account,
        disallow: 'all',
        allow: 'alaw,ulaw,g722',
        direct_media: 'no',
        rtp_symmetric: 'yes',
        force_rport: 'yes',
        rewrite_contact: 'yes',
        device_state_busy_at: '1',
        dtmf_mode: 'auto',
        allow_transfer: 'no',
        callerid: callerId,
        // A phone that vanished in mid-call; the caller goes back to the head of the line.
        rtp_timeout: '10',
        // While its own button holds the caller a phone may be silent, and for so long nobody knows whether it lives.
        rtp_timeout_hold: '300',
        media_encryption: 'sdes',
        media_encryption_optimistic: media === 'srtp' ? 'no' : 'yes',
        // A phone is reached over what it registered over. Bound to TLS, one that came by UDP would count as present, and
        // never ring. Written empty: what an account had before would stay.
        transport: '',
      },
    },
  ];
}

/** The address of record under which Asterisk asks all trunks; an endpoint of this name has it (pjsip.conf). */
export const trunkProbes = 'trunks';

/**
 * Lets Asterisk ask trunks every few seconds whether they live (OPTIONS; RFC 3261, 11). Any answer counts as life, also a
 * refusal. Nothing is rung by it, and nobody calls in by it. One object for all: for each that is written Asterisk reads
 * every account anew, with a warning for each. No trunks: nobody is asked.
 */
export function trunkProbe({ uris, every }: { uris: readonly string[]; every: number }): PjsipObject {
  const contact = [...new Set(uris)].sort().join(',');
  return {
    type: 'aor',
    id: trunkProbes,
    fields: {
      contact,
      qualify_frequency: String(contact === '' ? 0 : every),
      qualify_timeout: `${Math.min(3, every)}.000000`,
    },
  };
}

/** HA1 of RFC 2617, for Asterisk's default realm. */
export function passwordDigest(account: string, password: string): string {
  return createHash('md5').update(`${account}:asterisk:${password}`).digest('hex');
}

/** Whether Asterisk has an object as it is wanted; contacts in any order. */
function isSame({ fields }: PjsipObject, there: ReadonlyMap<string, string>): boolean {
  const inOrder = (list: string): string => list.split(',').sort().join(',');
  return Object.entries(fields).every(([name, value]) => inOrder(there.get(name) ?? '') === inOrder(value));
}

function named({ type, id }: Pick<PjsipObject, 'type' | 'id'>) {
  return { configClass: 'res_pjsip', objectType: type, id };
}

/** ari-client gives no status, only Asterisk's text. */
function isAbsent(error: unknown): boolean {
  return /not found/i.test(String(error));
}

function refuseControlCharacters(object: PjsipObject): void {
  for (const [name, value] of Object.entries({ id: object.id, ...object.fields })) {
    if (/[\u0000-\u001f\u007f]/.test(value)) throw new RangeError(`${object.type} ${name} holds a control character`);
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Asterisk did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
