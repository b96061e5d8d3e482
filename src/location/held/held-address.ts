import { promises as dns } from 'node:dns';
import { isIP } from 'node:net';
import { isPublicAddress } from '../../platform/public-address.ts';

/** An https URI that may be asked, as far as its text tells. */
export interface HeldTarget {
  readonly url: URL;
  /** The host as reasons and logs name it, at most 80 characters; never the path or the query, which may be secret. */
  readonly server: string;
}

/**
 * Finds a host's addresses; rejects when it cannot. `allowed` tells whether it is one of the location servers that the
 * centre named itself.
 */
export type HeldLookup = (host: string, allowed: boolean) => Promise<readonly string[]>;

/** A reason is a whole sentence for an operator. */
export type Refusal = { readonly ok: false; readonly reason: string };

const maxUri = 2_048;

/**
 * Reads the URI of a location server, or where it redirects to (`base` is then what was asked). https only, no user and
 * password, any port: nothing but the TLS handshake of a verified server gets an answer from us.
 */
export function readTarget(uri: string, base?: URL): ({ readonly ok: true } & HeldTarget) | Refusal {
  // What a URL parser silently drops or bends (spaces, tabs, backslashes) could make two readers see two hosts.
  if (uri.length > maxUri || !/^[\x21-\x5b\x5d-\x7e]+$/.test(uri) || !URL.canParse(uri, base?.href)) {
    return { ok: false, reason: 'the address of a location server cannot be read' };
  }
  const url = new URL(uri, base);
  if (url.protocol !== 'https:') return { ok: false, reason: 'only https locations can be fetched' };
  // A name and the same name with a dot behind it are one host.
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1);
  const server = url.hostname.slice(0, 80);
  if (url.username !== '' || url.password !== '') {
    return { ok: false, reason: `the address of the location server ${server} carries a user or a password` };
  }
  return { ok: true, url, server };
}

/**
 * The addresses that a target may be reached at. All that its host has must be public, so that no caller can make us ask
 * a machine of our own network; `allowed` names hosts (`lis.example`, `lis.example:8443`, `[fd00::1]`) that may be anywhere.
 */
export async function addressesOf(
  { url, server }: HeldTarget,
  allowed: readonly string[],
  lookup: HeldLookup,
): Promise<{ readonly ok: true; readonly addresses: readonly string[] } | Refusal> {
  const mayBeAnywhere = isAllowed(url, allowed);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const addresses = isIP(host) === 0 ? await found(host, mayBeAnywhere, lookup) : [host];
  if (addresses.length === 0) return { ok: false, reason: `the location server ${server} has no known address` };
  if (!mayBeAnywhere && !addresses.every(isPublicAddress)) {
    return { ok: false, reason: `the location server ${server} is not on the public Internet and not an allowed one` };
  }
  return { ok: true, addresses };
}

async function found(host: string, allowed: boolean, lookup: HeldLookup): Promise<readonly string[]> {
  try {
    return await lookup(host, allowed);
  } catch {
    // A name that does not exist and a name server that is away both mean that there is no address now.
    return [];
  }
}

/** Whether the list names the host of the URL, with its port or without one; capital letters do not matter. */
export function isAllowed(url: URL, allowed: readonly string[]): boolean {
  const names = [url.hostname, `${url.hostname}:${url.port === '' ? '443' : url.port}`];
  return allowed.some((entry) => names.includes(entry.trim().toLowerCase()));
}

/**
 * Asks the machine's resolver (with its hosts file) for servers that the centre named, and DNS alone for any other host:
 * the machine's resolver takes threads that the journal needs, and a caller's host may have name servers that stand still.
 */
export const heldLookup: HeldLookup = async (host, allowed) => {
  if (allowed) return (await dns.lookup(host, { all: true })).map(({ address }) => address);
  const resolver = new dns.Resolver({ timeout: 1_500, tries: 2 });
  const [v4, v6] = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
};
