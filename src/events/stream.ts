import type { ServerResponse } from 'node:http';
import type { Clock } from '../platform/clock.ts';
import type { Feed, FeedEvent } from './feed.ts';

/** Proxies close what is silent for longer. */
const heartbeatEvery = 15_000;
/** Twice what the feed keeps: who is so far behind gets no further, and loads anew. */
const waitingLimit = 10_000;

/** One reader of the feed. */
interface Reader {
  readonly lastId: string | undefined;
  readonly response: ServerResponse;
  /** Ends when the reader goes away or the server stops. */
  readonly signal: AbortSignal;
  /** Whether the reader may still read; asked with every heartbeat. */
  readonly stillValid: () => boolean;
  /** What the reader is shown of an event. */
  readonly shown: (event: FeedEvent) => FeedEvent;
}

/**
 * Sends a reader what he missed and then what happens, no faster than he takes it. One who takes nothing from one
 * heartbeat to the next, or is too far behind, is let go: he resumes from his last event.
 */
export function streamEvents({ feed, clock }: { feed: Feed; clock: Clock }, reader: Reader): Promise<void> {
  const { response, signal, lastId } = reader;
  const waiting: FeedEvent[] = [];
  let takenSinceHeartbeat = true;

  const send = (): void => {
    while (!response.writableNeedDrain) {
      const event = waiting.shift();
      if (event === undefined) return;
      response.write(
        `id: ${feed.markOf(event)}\nevent: ${event.type}\ndata: ${JSON.stringify(reader.shown(event))}\n\n`,
      );
    }
    if (waiting.length > waitingLimit) response.destroy();
  };

  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  response.write(': Siaga 112\n\n');
  const missed = lastId === undefined ? [] : feed.since(lastId);
  // Told, not hidden: the reader has to load the present state, for events were lost to it.
  const reset = (): void => void response.write('event: feed.reset\ndata: {}\n\n');
  if (missed === undefined) reset();
  else waiting.push(...missed);
  const unsubscribe = feed.subscribe((event) => {
    waiting.push(event);
    send();
  }, reset);
  response.on('drain', () => {
    takenSinceHeartbeat = true;
    send();
  });
  send();

  return new Promise((resolve) => {
    const end = (): void => {
      unsubscribe();
      stopHeartbeat();
      response.end();
      resolve();
    };
    const stopHeartbeat = clock.every(heartbeatEvery, () => {
      if (!reader.stillValid()) return end();
      const full = response.writableNeedDrain;
      if (!full) response.write(': still here\n\n');
      else if (!takenSinceHeartbeat) response.destroy();
      takenSinceHeartbeat = !full;
    });
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    response.on('close', end);
  });
}
