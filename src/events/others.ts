import { request, type IncomingMessage, type ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Cancel, Clock } from '../platform/clock.ts';
import { everyTurn } from '../platform/every-turn.ts';
import type { Logger } from '../platform/logger.ts';
import type { OtherController } from '../platform/whose.ts';
import { overlap, type Feed, type PassedEvent } from './feed.ts';

/** Something that other controllers are told as it comes: a line of JSON. */
export type PassOn = (reader: (passed: object) => void) => () => void;

/** Where a controller tells the others of its node what happens in it, on the socket that is for them alone. */
export const feedForOthers = '/feed';

/** Bytes: one who is so far behind is let go, and comes again. */
const waitingLimit = 32_000_000;

/** Tells another controller what happens here, a line of JSON for each, until it goes away or this one stops. */
export function tellOther(sources: readonly PassOn[], response: ServerResponse, signal: AbortSignal): Promise<void> {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  response.flushHeaders();
  const tell = (passed: object): void => {
    response.write(`${JSON.stringify(passed)}\n`);
    if (response.writableLength > waitingLimit) response.destroy();
  };
  const stops = sources.map((passOn) => passOn(tell));
  return new Promise((resolve) => {
    const end = (): void => {
      // The signal lives as long as the server, and would keep every connection there ever was.
      signal.removeEventListener('abort', end);
      for (const stop of stops) stop();
      response.end();
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    response.on('close', end);
  });
}

const passedEvent: z.ZodType<PassedEvent> = z.object({
  event: z.object({
    id: z.string(),
    at: z.string(),
    type: z.string(),
    callId: z.string().nullable(),
    incidentId: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()),
  }),
  told: z.enum(['one', 'line']),
  circle: z.object({ kind: z.string().nullable(), operatorIds: z.array(z.string()) }),
});

const passedMessage = z.object({ aml: z.unknown() });

/** Milliseconds. */
const lookEvery = 1_000;
const answersWithin = 2_000;

interface Connection {
  readonly rank: number;
  connected: boolean;
  readonly stop: () => void;
}

/** Hears what happens in the other controllers of the node, and puts it on this one's feed. */
export function followOthers(deps: {
  feed: Pick<Feed, 'take' | 'lose'>;
  /** Takes a phone's location message. @throws if it is none. */
  hear: (message: unknown) => void;
  rank: number;
  others: () => Promise<readonly OtherController[]>;
  clock: Clock;
  logger: Logger;
}): { isLed: () => boolean; stop: () => void } {
  const { feed, rank, clock, logger } = deps;
  const connections = new Map<string, Connection>();
  /** By socket: since when one may have told what is not heard here. */
  const unheardSince = new Map<string, number>();
  let lookedAt = clock.monotonic();
  let stopped = false;

  const leader = (): number => {
    const before = [...connections.values()].filter((one) => one.connected && one.rank < rank);
    return Math.min(rank, ...before.map((one) => one.rank));
  };

  const take = (from: number, line: string): void => {
    try {
      const read: unknown = JSON.parse(line);
      const message = passedMessage.safeParse(read).data;
      if (message !== undefined) return deps.hear(message.aml);
      const passed = passedEvent.parse(read);
      if (passed.told === 'one' || from === leader()) feed.take(passed);
    } catch {
      logger.warn('an event of another controller, of another version perhaps, cannot be read');
    }
  };

  const connect = ({ socket: socketPath, rank: from }: OtherController): void => {
    const sent = request({ socketPath, path: feedForOthers, agent: false });
    const connection: Connection = { rank: from, connected: false, stop: () => sent.destroy() };
    connections.set(socketPath, connection);
    const cancel: Cancel = clock.after(answersWithin, () => sent.destroy());
    // Also one that stops in order goes on with its calls for a moment: it may have told what nobody has heard.
    const ended = (): void => {
      cancel();
      if (connections.get(socketPath) !== connection) return;
      connections.delete(socketPath);
      if (!connection.connected || stopped) return;
      unheardSince.set(socketPath, clock.monotonic());
      feed.lose();
    };
    sent.on('error', ended);
    sent.on('close', ended);
    sent.on('response', (response: IncomingMessage) => {
      cancel();
      if (response.statusCode !== 200) return void sent.destroy();
      connection.connected = true;
      // It tells again what came within the overlap, and no more.
      if (clock.monotonic() - (unheardSince.get(socketPath) ?? lookedAt) > overlap) feed.lose();
      response.on('error', ended);
      response.on('end', ended);
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (text: string) => {
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) take(from, line);
      });
    });
    sent.end();
  };

  const look = async (): Promise<void> => {
    const [before, at] = [lookedAt, clock.monotonic()];
    const others = await deps.others();
    if (stopped) return;
    lookedAt = at;
    for (const other of others) {
      // One that is new may have told something since the look before.
      if (!unheardSince.has(other.socket)) unheardSince.set(other.socket, before);
      if (!connections.has(other.socket)) connect(other);
    }
    for (const socket of unheardSince.keys()) {
      if (!others.some((other) => other.socket === socket)) unheardSince.delete(socket);
    }
    // Its calls are another's: what it may say when it wakes counts no more.
    for (const [socket, { stop }] of connections) if (!others.some((other) => other.socket === socket)) stop();
  };
  const failed = (error: unknown): void => logger.warn({ err: error }, 'other controllers could not be looked for');
  look().catch(failed);
  const cancel = everyTurn(clock, lookEvery, look, failed);
  return {
    isLed: () => leader() < rank,
    stop() {
      stopped = true;
      cancel();
      for (const { stop } of connections.values()) stop();
    },
  };
}
