import { Client, type Dispatcher } from 'undici';
import { codeOf, isError } from '../../platform/errors.ts';
import { pinned } from '../../platform/public-address.ts';
import type { HeldTarget } from './held-address.ts';
import { locationRequest } from './held-answer.ts';

export type HeldMethod = 'POST' | 'GET';

/** What came of one request. A complaint goes on from "the location server … ". */
type HeldAnswer =
  | { readonly kind: 'document'; readonly xml: string }
  | { readonly kind: 'redirect'; readonly status: number; readonly location: string }
  | { readonly kind: 'refused-method' }
  | { readonly kind: 'failed'; readonly complaint: string };

interface HeldRequest {
  readonly target: HeldTarget;
  /** Checked: the connection goes to one of these, whatever the name means by then. */
  readonly addresses: readonly string[];
  readonly method: HeldMethod;
  /** Ends it at any point, with its connection. */
  readonly signal: AbortSignal;
  /** Of the body. */
  readonly maxBytes: number;
  /** PEM; instead of Node's roots and NODE_EXTRA_CA_CERTS. */
  readonly ca: string | undefined;
}

const redirects = [301, 302, 303, 307, 308];
/** Servers that know no POST of HELD, but may know the plain GET of RFC 6753, section 5. */
const refusedMethods = [400, 405, 415, 501];
const maxHeaders = 16_384;

/** Asks once, over a connection of its own, which is gone afterwards. Never rejects. */
export async function askOnce(request: HeldRequest): Promise<HeldAnswer> {
  const { target, signal, ca } = request;
  const client = new Client(target.url.origin, {
    connect: {
      lookup: pinned(request.addresses),
      signal,
      timeout: 0,
      // Said here, since NODE_TLS_REJECT_UNAUTHORIZED would otherwise switch it off.
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
    },
    // One time limit covers everything: the signal.
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize: maxHeaders,
  });
  try {
    return await readAnswer(await client.request(requestOf(request)), request);
  } catch (error) {
    return { kind: 'failed', complaint: complaintOf(error) };
  } finally {
    await client.destroy();
  }
}

function requestOf({ target, method, signal }: HeldRequest): Dispatcher.RequestOptions {
  const accept = { accept: 'application/held+xml, application/pidf+xml', 'accept-encoding': 'identity' };
  const path = `${target.url.pathname}${target.url.search}`;
  if (method === 'GET') return { method, path, signal, headers: accept };
  const headers = { ...accept, 'content-type': 'application/held+xml;charset=utf-8' };
  return { method, path, signal, headers, body: locationRequest };
}

async function readAnswer(answer: Dispatcher.ResponseData, request: HeldRequest): Promise<HeldAnswer> {
  const { statusCode: status, headers, body } = answer;
  // A body that is left unread ends with an error when its connection goes; there is nobody left to tell.
  body.on('error', () => undefined);
  const location = headers['location'];
  if (redirects.includes(status) && typeof location === 'string') return { kind: 'redirect', status, location };
  if (refusedMethods.includes(status) && request.method === 'POST') return { kind: 'refused-method' };
  if (status !== 200) return failed(`answered with HTTP ${status}`);
  // An asked-for "identity" is the only way to know how large a body becomes.
  if (![undefined, '', 'identity'].includes(oneOf(headers['content-encoding'])?.toLowerCase())) {
    return failed('sent a compressed body, which is refused');
  }
  const type = oneOf(headers['content-type']);
  if (type !== undefined && !/^\s*[\w.-]+\/([\w.-]+\+)?xml\s*(;|$)/i.test(type)) return failed('sent no XML');
  return readBody(body, request.maxBytes);
}

function oneOf(header: string | string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.join(', ');
}

async function readBody(body: AsyncIterable<unknown>, maxBytes: number): Promise<HeldAnswer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of body) {
    if (!Buffer.isBuffer(part)) return failed('sent a body that cannot be read');
    bytes += part.length;
    if (bytes > maxBytes) return failed(`sent more than ${Math.floor(maxBytes / 1_024)} KB`);
    parts.push(part);
  }
  try {
    return { kind: 'document', xml: new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(parts)) };
  } catch {
    return failed('sent text that is not UTF-8');
  }
}

function failed(complaint: string): HeldAnswer {
  return { kind: 'failed', complaint };
}

function complaintOf(error: unknown): string {
  const code = codeOf(error) ?? 'without a code';
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return `has a certificate that is not trusted (${code})`;
  if (code === 'ECONNREFUSED') return 'takes no connections';
  const notHttp = code === 'UND_ERR_HEADERS_OVERFLOW' || (isError(error) && error.name === 'HTTPParserError');
  return notHttp ? 'does not speak proper HTTP' : `could not be asked (${code})`;
}
