import { z } from 'zod';
import { confidential, mayKnow, type Circle } from '../incidents/need-to-know.ts';
import { roles } from '../platform/auth.ts';
import type { Clock } from '../platform/clock.ts';
import { requireKey } from '../platform/idempotency.ts';
import { newId } from '../platform/ids.ts';
import { decodeCursor, encodeCursor, pageOf, pageQuery, timePosition } from '../platform/paging.ts';
import type { Postgres } from '../platform/postgres.ts';
import { notFound, unavailable, unprocessable, type Problem } from '../platform/problem.ts';
import { defineRoute, type Route } from '../platform/route.ts';
import { isoTime, plainText, slug } from '../platform/text.ts';
import { isConfidential } from '../routing/kind.ts';
import type { NotificationMessage } from './message.ts';
import type { Notification, NotificationReason } from './notification.ts';
import type { RecipientDirectory } from './recipient.ts';
import { listNotifications, notificationView, notificationViewOf } from './store.ts';

export interface NotificationRouteDeps {
  postgres: Postgres;
  clock: Clock;
  recipients: () => RecipientDirectory;
  /** One of this process, which may be further than its record. */
  live: (id: string) => Notification | undefined;
  /** Whom an incident concerns; undefined when there is none of this id. */
  circleOf: (incidentId: string) => Promise<Circle | undefined>;
  about: (incidentId: string) => Promise<{ message: NotificationMessage; callId: string | null } | undefined>;
  /** Tells them; answers with the ids of the notifications, in the order of the recipients. */
  tell: (wish: {
    incidentId: string;
    recipientIds: readonly string[];
    reason: NotificationReason;
    message: NotificationMessage;
    callId: string | null;
  }) => string[];
  /** Resolves true when all that was journalled is on the disk. */
  synced: () => Promise<boolean>;
}

/** /v1/notifications. */
export function notificationRoutes(deps: NotificationRouteDeps): Route[] {
  return [listRoute(deps), tellRoute(deps)];
}

function listRoute(deps: NotificationRouteDeps): Route {
  return defineRoute({
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
  });
}

const told = z.object({ items: z.array(z.object({ recipientId: z.string(), notificationId: z.string() })) });

function tellRoute(deps: NotificationRouteDeps): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/notifications',
    audited: { instead: 'the notification says who asked for it' },
    summary: 'Tell recipients of an incident, with a note; what becomes of it is told by events and the timeline',
    roles: ['supervisor', 'admin'],
    input: {
      body: z.strictObject({
        incidentId: z.uuid(),
        recipientIds: z.array(slug).min(1).max(50),
        note: plainText(500).optional(),
      }),
    },
    response: { 202: told },
    idempotency: 'derived',
    handler: async ({ body, principal, idempotencyKey }) => {
      const { incidentId, note } = body;
      const recipientIds = [...new Set(body.recipientIds)];
      const missing = recipientIds.filter((id) => deps.recipients().find(id) === undefined);
      if (missing.length > 0) {
        throw unprocessable('recipients.unknown', `There is nobody named ${missing.join(', ')}.`, { missing });
      }
      const circle = await deps.circleOf(incidentId);
      const incident = await deps.about(incidentId);
      if (circle === undefined || incident === undefined) throw unknownIncident(incidentId);
      if (!mayKnow(principal, circle)) throw confidential();
      if (note !== undefined && isConfidential(incident.message.kind)) {
        throw unprocessable('notifications.no-note', 'Of a confidential incident nothing but kind and number is told.');
      }
      if (idempotencyKey !== undefined) requireKey(idempotencyKey);
      const requestId = idempotencyKey ?? newId(deps.clock.now());
      const message = { ...incident.message, note: note === undefined ? null : { id: note, en: note } };
      const reason = { by: 'person' as const, tokenId: principal.tokenId, requestId };
      const ids = deps.tell({ incidentId, recipientIds, reason, message, callId: incident.callId });
      if (!(await deps.synced())) {
        throw unavailable('journal.unavailable', 'They are told, but the journal could not confirm it.');
      }
      const items = recipientIds.map((recipientId, index) => ({ recipientId, notificationId: ids[index] ?? '' }));
      return { status: 202, body: { items } };
    },
  });
}

function unknownIncident(incidentId: string): Problem {
  return notFound('incidents.unknown', `There is no incident ${incidentId}.`);
}
