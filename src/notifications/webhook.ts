import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import { Client } from 'undici';
import type { Clock } from '../platform/clock.ts';
import { codeOf } from '../platform/errors.ts';
import { isInNetworks, isPublicAddress, pinned } from '../platform/public-address.ts';
import { failedAgain, type SendResult } from './notification.ts';

/** A message as it is posted; the signature is in the headers already, so that no secret travels with it. */
export interface WebhookPost {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** Networks of our own in which webhooks may be (CIDR); all others must have a public address and https. */
  networks: readonly string[];
}

/** Finds a host's addresses; rejects when it cannot. */
export type WebhookLookup = (host: string) => Promise<readonly string[]>;

/** For the whole of it, in milliseconds: name, connection, answer. */
const limit = 5_000;
const maxHeaders = 16_384;
/** Too many, too early, too slow: the same message may be taken a little later. */
const worthAnother = [408, 425, 429];

/**
 * Posts a message once, over a connection of its own. 2xx is delivered, whatever the body says: it is not read. A redirect is
 * refused: who may be asked is checked for the address that an admin has written down. Never rejects.
 */
export async function postWebhook(
  post: WebhookPost,
  deps: { clock: Clock; lookup?: WebhookLookup; /** PEM; instead of Node's roots. */ ca?: string | undefined },
): Promise<SendResult> {
  const stop = new AbortController();
  const cancel = deps.clock.after(limit, () => stop.abort());
  const late = new Promise<SendResult>((resolve) => {
    stop.signal.addEventListener('abort', () => resolve(failedAgain(`no answer within ${limit / 1_000} s`)), {
      once: true,
    });
  });
  try {
    return await Promise.race([attempt(post, { ...deps, signal: stop.signal }), late]);
  } finally {
    cancel();
    stop.abort();
  }
}

async function attempt(
  post: WebhookPost,
  deps: { signal: AbortSignal; lookup?: WebhookLookup; ca?: string | undefined },
): Promise<SendResult> {
  const url = new URL(post.url);
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '');
  const addresses = isIP(host) === 0 ? await found(host, deps.lookup ?? lookUp) : [host];
  if (addresses.length === 0) return failedAgain('its host has no known address');
  const fault = guard(url.protocol, addresses, post.networks);
  if (fault !== null) return { result: 'failed', reason: fault, again: false };
  const client = new Client(url.origin, {
    connect: {
      // The name is asked once: it cannot come to mean one of our own machines after it was checked.
      lookup: pinned(addresses),
      signal: deps.signal,
      timeout: 0,
      // Said here, since NODE_TLS_REJECT_UNAUTHORIZED would otherwise switch it off.
      rejectUnauthorized: true,
      ...(deps.ca === undefined ? {} : { ca: deps.ca }),
    },
    // One time limit covers everything: the signal.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: maxHeaders,
  });
  try {
    const { statusCode, body } = await client.request({
      method: 'POST',
      path: `${url.pathname}${url.search}`,
      headers: { 'content-type': 'application/json; charset=utf-8', 'user-agent': 'Siaga-112', ...post.headers },
      body: post.body,
      signal: deps.signal,
    });
    // A body that is left unread ends with an error when its connection goes; there is nobody left to tell.
    body.on('error', () => undefined);
    return resultOf(statusCode);
  } catch (error) {
    return failedAgain(complaintOf(error));
  } finally {
    await client.destroy();
  }
}

/** Why these addresses may not be asked; null when all of them may. */
function guard(protocol: string, addresses: readonly string[], networks: readonly string[]): string | null {
  const strangers = addresses.filter((address) => !isInNetworks(address, networks));
  if (!strangers.every(isPublicAddress)) {
    return 'its host is not on the public Internet and in none of webhookNetworks';
  }
  return protocol === 'https:' || strangers.length === 0 ? null : 'only https leaves our own networks';
}

function resultOf(status: number): SendResult {
  if (status >= 200 && status < 300) return { result: 'delivered' };
  if (status >= 300 && status < 400) {
    return { result: 'failed', reason: `redirects (HTTP ${status}), which is refused`, again: false };
  }
  return {
    result: 'failed',
    reason: `answered with HTTP ${status}`,
    again: status >= 500 || worthAnother.includes(status),
  };
}

async function found(host: string, lookup: WebhookLookup): Promise<readonly string[]> {
  try {
    return await lookup(host);
  } catch {
    // A name that does not exist and a name server that is away both mean that there is no address now.
    return [];
  }
}

/**
 * Asks DNS, and for a name that it does not know the machine's own resolver (with its hosts file): that one takes threads
 * which the journal needs, and a name server may stand still.
 */
async function lookUp(host: string): Promise<readonly string[]> {
  const resolver = new dns.Resolver({ timeout: 1_500, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  const addresses = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
  const unknown = answers.every(
    (answer) => answer.status === 'rejected' && ['ENOTFOUND', 'ENODATA'].includes(codeOf(answer.reason) ?? ''),
  );
  if (!unknown) return addresses;
  return (await dns.lookup(host, { all: true })).map(({ address }) => address);
}

/** Never with the path or the query of the address, which may be secret. */
function complaintOf(error: unknown): string {
  const code = codeOf(error) ?? 'without a code';
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return `has a certificate that is not trusted (${code})`;
  if (code === 'ECONNREFUSED') return 'takes no connections';
  return `could not be asked (${code})`;
}
