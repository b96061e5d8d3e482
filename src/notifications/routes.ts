import { z } from 'zod';
import { confidential, mayKnow, type Circle } from '../incidents/need-to-know.ts';
import { roles } from '../platform/auth.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { isoTime } from '../platform/text.ts';
import type { Notification } from './notification.ts';
import { listNotifications, notificationView, notificationViewOf } from './store.ts';

/** /v1/notifications. */
export function notificationRoutes(deps: {
  postgres: Postgres;
  /** One of this process, which may be further than its record. */
  live: (id: string) => Notification | undefined;
  /** Whom an incident concerns; undefined when there is none of this id. */
  circleOf: (incidentId: string) => Promise<Circle | undefined>;
}): Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/notifications',
      summary: 'Who was told of what, and how it went, newest first',
      roles,
      input: {
        query: pageQuery.extend({
          incidentId: z.uuid().optional(),
          state: z.enum(['sending', 'delivered', 'acknowledged', 'failed']).optional(),
        }),
      },
      response: { 200: pageOf(notificationView) },
      handler: async ({ query, principal }) => {
        const circle = query.incidentId === undefined ? undefined : await deps.circleOf(query.incidentId);
        if (circle !== undefined && !mayKnow(principal, circle)) throw confidential();
        const after = query.cursor === undefined ? null : decodeCursor(timePosition, query.cursor);
        const found = await listNotifications(deps.postgres, { ...query, after });
        const last = found.length === query.limit ? found.at(-1)?.notification : undefined;
        const items = found
          .filter((one) => mayKnow(principal, one.circle))
          .map(({ notification }) => notificationViewOf(deps.live(notification.id) ?? notification));
        const next = last === undefined ? null : encodeCursor([isoTime(last.requestedAt), last.id]);
        return { status: 200, body: { items, next } };
      },
    }),
  ];
}
