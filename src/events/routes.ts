import { z } from 'zod';
import { mayKnow } from '../incidents/need-to-know.ts';
import { writers, type Principal } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { defineStream, type Route } from '../platform/route.ts';
import type { Feed, FeedEvent } from './feed.ts';
import { streamEvents } from './stream.ts';

/** /v1/events: server-sent events, resumable by Last-Event-ID. */
export function eventRoutes(deps: { feed: Feed; clock: Clock }): Route[] {
  return [
    defineStream({
      method: 'GET',
      path: '/v1/events',
      summary: 'What happens, as it happens (SSE); resume with Last-Event-ID',
      roles: writers,
      contentType: 'text/event-stream',
      input: { headers: z.object({ 'last-event-id': z.string().max(100).optional() }) },
      handler: ({ headers, signal, principal, stillValid }, response) =>
        streamEvents(deps, {
          lastId: headers['last-event-id'],
          response,
          signal,
          stillValid,
          shown: (event) => shownTo(principal, deps.feed, event),
        }),
    }),
  ];
}

/** Who need not know of a confidential call learns that something happened, and not what. */
function shownTo(principal: Principal, feed: Feed, event: FeedEvent): FeedEvent {
  return mayKnow(principal, feed.circleOf(event)) ? event : { ...event, detail: {} };
}
