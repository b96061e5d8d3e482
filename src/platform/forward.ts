import { request as send, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders } from 'node:http';
import type { Clock } from './clock.ts';
import { codeOf } from './errors.ts';
import type { Method, RawReply } from './route.ts';

/** A request as it goes to another controller. */
export interface ForwardedRequest {
  readonly method: Method;
  /** With its query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
  /** The client's address. */
  readonly ip: string;
  /** Nobody has a live call of it: whoever has what is left of it answers. */
  readonly evenAfterwards?: boolean;
}

/**
 * What came of asking: its answer; `not-here`: it has not what was asked for, and did nothing; `afterwards`: nor did it
 * anything, as it has only what is left of it after its call, and answers if it is told that nobody has more; `dead`: nobody has its socket open any
 * more; `unsent`: it could not be reached, or did not get as far as to do it; `unanswered`: it was sent, and may have been done.
 */
export type Asked = RawReply | 'not-here' | 'afterwards' | 'dead' | 'unsent' | 'unanswered';

/** The client's address, on a request that another controller passed on. It counts on the socket of the state folder alone. */
export const clientHeader = 'siaga-client';
/** On an answer to another controller: it is whoever has it that answers, and no guard, parser or fault before him. */
export const answeredHeader = 'siaga-answered';
/** On a request: `evenAfterwards`. On an answer 421: `afterwards`. */
export const afterwardsHeader = 'siaga-afterwards';
/** Misdirected request: it is not here, and was not forwarded from here. */
export const misdirected = 421;

/** Milliseconds. */
const limit = 2_000;
/** Characters. */
const longestAnswer = 16_000_000;

/** Of one hop only, or of the body as it came: it is sent on as JSON. */
const ofThisHop = new Set([
  afterwardsHeader,
  answeredHeader,
  'connection',
  'content-encoding',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** Asks another controller once, for two seconds. Never throws for what it answers or fails to answer. */
export function askController(socketPath: string, asked: ForwardedRequest, clock: Clock): Promise<Asked> {
  const body = asked.body === undefined ? undefined : JSON.stringify(asked.body);
  const headers: OutgoingHttpHeaders = {
    ...withoutHop(asked.headers),
    host: 'localhost',
    [clientHeader]: asked.ip,
    ...(asked.evenAfterwards === true ? { [afterwardsHeader]: '1' } : {}),
    'content-length': Buffer.byteLength(body ?? ''),
  };
  return new Promise((resolve) => {
    let connected = false;
    // A connection for each: one that was kept open may end just as a command is written to it, and nobody knew what came of it.
    const request = send({ socketPath, method: asked.method, path: asked.path, headers, agent: false });
    const end = (result: Asked): void => {
      cancel();
      request.destroy();
      resolve(result);
    };
    const failed = (): void => end(connected ? 'unanswered' : 'unsent');
    const cancel = clock.after(limit, failed);
    request.on('socket', (socket) => socket.once('connect', () => (connected = true)));
    request.on('error', (error) => {
      const code = connected ? undefined : codeOf(error);
      // Its socket was taken away in this moment: it has stopped, or another has its calls.
      if (code === 'ENOENT') end('not-here');
      else if (code === 'ECONNREFUSED') end('dead');
      else failed();
    });
    request.on('response', (response) => {
      read(response).then((text) => end(text === undefined ? 'unanswered' : replyOf(response, text)), failed);
    });
    request.end(body);
  });
}

function withoutHop(headers: IncomingHttpHeaders): OutgoingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !ofThisHop.has(name)));
}

/** Undefined: it is too long. */
async function read(response: IncomingMessage): Promise<string | undefined> {
  let text = '';
  response.setEncoding('utf8');
  for await (const part of response) {
    text += String(part);
    if (text.length > longestAnswer) return undefined;
  }
  return text;
}

function replyOf({ statusCode = 0, headers }: IncomingMessage, text: string): Asked {
  if (statusCode === misdirected) return headers[afterwardsHeader] === undefined ? 'not-here' : 'afterwards';
  // Its copy of the tokens may be old, its version another: what it says of a request that it has not begun is nobody's answer.
  if (headers[answeredHeader] === undefined) return statusCode < 300 ? 'unanswered' : 'unsent';
  try {
    const body: unknown = text === '' ? undefined : JSON.parse(text);
    const kept = Object.entries(headers).filter(([name]) => !ofThisHop.has(name) && name !== 'date');
    return {
      status: statusCode,
      body,
      headers: Object.fromEntries(kept.map(([name, value]) => [name, String(value)])),
    };
  } catch {
    return 'unanswered';
  }
}
