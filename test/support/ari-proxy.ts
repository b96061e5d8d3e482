import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { derivedId } from '../../src/platform/ids.ts';
import { epochOf } from '../../src/platform/uniqueid.ts';

/** What becomes of a command: an answer in Asterisk's place, silence, or Asterisk's own answer kept back. */
export type Fate =
  | { answer: number; body?: string }
  /** Asterisk never hears of it, and nobody answers. */
  | 'swallow'
  /** Asterisk does it; the answer is lost. */
  | 'lose-answer';

export interface Misbehaviour {
  method: string;
  path: RegExp;
  fate: Fate;
  /** Of this caller's number alone: commands for his channel, his call's legs, bridges and sounds. */
  caller?: string;
  /** How often; for ever when left out. */
  times?: number;
}

/** Stands between a controller and Asterisk's HTTP, passes everything on, and misbehaves as it is told. */
export interface AriProxy {
  readonly url: string;
  /** Begins at once; the answer tells how many commands met their fate so far. */
  misbehave(how: Misbehaviour): { met: () => number };
  /** From now on all is passed on again. */
  behave(): void;
  /** Sends a frame of our own to every controller, as if Asterisk had. */
  inject(frame: string | Buffer): void;
  /** Sends every controller a text frame that is no text (RFC 6455, 8.1): it has to close the connection. */
  injectBroken(): void;
  /** Event sockets that were ever opened. */
  opened(): number;
  close(): Promise<void>;
}

interface Rule extends Misbehaviour {
  met: number;
}

/** Opens a proxy to the Asterisk of a node at `url` (http://host:port). */
export async function ariProxy(url: string, node: string): Promise<AriProxy> {
  const target = new URL(url);
  const rules = new Set<Rule>();
  const callers = new CallersSeen(node);
  const events = new WebSocketServer({ noServer: true });
  let opened = 0;

  const fateOf = (method: string, path: string): Fate | undefined => {
    const rule = [...rules].find(
      (one) =>
        one.met < (one.times ?? Infinity) &&
        one.method === method &&
        one.path.test(path) &&
        (one.caller === undefined || callers.concerns(one.caller, path)),
    );
    if (rule !== undefined) rule.met += 1;
    return rule?.fate;
  };

  const take = async (incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> => {
    const path = (incoming.url ?? '/').replace(/^\/ari/, '');
    const body = await text(incoming);
    callers.noteLeg(path, body);
    const fate = fateOf(incoming.method ?? 'GET', path);
    if (fate === 'swallow') return;
    if (typeof fate !== 'object') {
      forward(target, incoming, body, fate === 'lose-answer' ? null : outgoing);
      return;
    }
    outgoing.writeHead(fate.answer, { 'content-type': 'application/json' });
    outgoing.end(fate.body ?? JSON.stringify({ message: 'made up by a test' }));
  };
  const server = createServer((incoming, outgoing) => {
    take(incoming, outgoing).catch(() => {
      outgoing.destroy(); // the controller gave up before it had sent all of it
    });
  });
  server.on('upgrade', (incoming, socket, head) => {
    events.handleUpgrade(incoming, socket, head, (client) => {
      opened += 1;
      passEvents(target, incoming, client, (frame) => callers.note(frame));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    misbehave(how) {
      const rule = { ...how, met: 0 };
      rules.add(rule);
      return { met: () => rule.met };
    },
    behave: () => rules.clear(),
    inject(frame) {
      for (const client of events.clients) client.send(frame);
    },
    injectBroken() {
      for (const client of events.clients) client.send(Buffer.from([0xff, 0xfe]), { binary: false });
    },
    opened: () => opened,
    close: () =>
      new Promise((resolve) => {
        for (const client of events.clients) client.terminate();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const broadcast = z.object({
  type: z.literal('CallBroadcast'),
  channel: z.object({ id: z.string(), caller: z.object({ number: z.string() }) }),
});

const originate = z.object({ variables: z.object({ SIAGA_CALL: z.string(), SIAGA_LEG: z.string() }) });

/** Knows from the offers of calls, and from the legs that are rung for them, what belongs to a caller's number. */
class CallersSeen {
  readonly #node: string;
  readonly #ids = new Map<string, { channelId: string; callId: string }>();
  readonly #legs = new Map<string, string>();

  constructor(node: string) {
    this.#node = node;
  }

  note(frame: string): void {
    if (!frame.includes('CallBroadcast')) return;
    const event = broadcast.safeParse(JSON.parse(frame));
    if (!event.success) return;
    const { id, caller } = event.data.channel;
    this.#ids.set(caller.number, { channelId: id, callId: derivedId('call', this.#node, id, epochOf(id)) });
  }

  noteLeg(path: string, body: string): void {
    if (!path.startsWith('/channels/') || !body.includes('SIAGA_LEG')) return;
    const { variables } = originate.parse(JSON.parse(body));
    this.#legs.set(variables.SIAGA_LEG, variables.SIAGA_CALL);
  }

  concerns(number: string, path: string): boolean {
    const ids = this.#ids.get(number);
    if (ids === undefined) return false;
    const named = decodeURIComponent(path).split(/[/?&=]/);
    // An agency's leg has the id of its attempt, and what is played to it that id with an ending.
    const ofLeg = (part: string): boolean => this.#legs.get(part.replace(/\.s\d*$/, '')) === ids.callId;
    return named.some((part) => part === ids.channelId || part.startsWith(`${ids.callId}.`) || ofLeg(part));
  }
}

function passEvents(target: URL, incoming: IncomingMessage, client: WebSocket, note: (frame: string) => void): void {
  const upstream = new WebSocket(`ws://${target.host}${incoming.url ?? ''}`, {
    headers: { authorization: incoming.headers.authorization ?? '' },
  });
  upstream.on('message', (data: Buffer) => {
    const frame = data.toString();
    note(frame);
    if (client.readyState === WebSocket.OPEN) client.send(frame);
  });
  upstream.on('error', () => client.terminate());
  upstream.on('close', () => client.close());
  client.on('error', () => upstream.terminate());
  client.on('close', () => upstream.terminate());
}

function forward(target: URL, incoming: IncomingMessage, body: string, outgoing: ServerResponse | null): void {
  const passed = request(
    {
      host: target.hostname,
      port: target.port,
      method: incoming.method,
      path: incoming.url,
      headers: { ...incoming.headers, connection: 'close' },
    },
    (answer) => {
      if (outgoing === null) return void answer.resume();
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  passed.on('error', () => outgoing?.destroy());
  passed.end(body);
}
