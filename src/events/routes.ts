import { z } from 'zod';
import type { ServerResponse } from 'node:http';
import { defineStream, type Route } from '../platform/route.ts';
import type { Clock } from '../platform/clock.ts';
import type { Feed, FeedEvent } from './feed.ts';

/** A reader that does not read is let go when this much waits for it; it resumes from its last event. */
const waitingLimit = 1_000_000;
const heartbeatEvery = 15_000;

/** /v1/events: server-sent events, resumable by Last-Event-ID. */
export function eventRoutes(deps: { feed: Feed; clock: Clock }): Route[] {
  return [
    defineStream({
      method: 'GET',
      path: '/v1/events',
      summary: 'What happens, as it happens (SSE); resume with Last-Event-ID',
      roles: ['operator', 'supervisor', 'admin'],
      contentType: 'text/event-stream',
      input: { headers: z.object({ 'last-event-id': z.string().max(100).optional() }) },
      handler: ({ headers, signal }, response) => stream(deps, headers['last-event-id'], signal, response),
    }),
  ];
}

function stream(
  { feed, clock }: { feed: Feed; clock: Clock },
  lastId: string | undefined,
  signal: AbortSignal,
  response: ServerResponse,
): Promise<void> {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
  });
  const write = (event: FeedEvent): void => {
    response.write(`id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
    if (response.writableLength > waitingLimit) response.destroy();
  };
  response.write(': Siaga 112\n\n');
  if (lastId !== undefined) {
    const missed = feed.since(lastId);
    // Told, not hidden: the reader has to load the present state, for events were lost to it.
    if (missed === undefined) response.write('event: feed.reset\ndata: {}\n\n');
    else missed.forEach(write);
  }
  const unsubscribe = feed.subscribe(write);
  const stopHeartbeat = clock.every(heartbeatEvery, () => response.write(': still here\n\n'));
  return new Promise((resolve) => {
    const end = (): void => {
      unsubscribe();
      stopHeartbeat();
      response.end();
      resolve();
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    response.on('close', end);
  });
}
