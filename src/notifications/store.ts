import { z } from 'zod';
import type { Circle } from '../incidents/need-to-know.ts';
import { talkedOnIncident } from '../incidents/talked-sql.ts';
import type { Sql } from '../platform/postgres.ts';
import { isoTime, isoTimeOrNull } from '../platform/text.ts';
import type { Notification } from './notification.ts';
import { channelSchema } from './recipient.ts';

const place = z.object({ latitude: z.number(), longitude: z.number() });
const sentence = z.object({ id: z.string(), en: z.string() });

/** A notification as its owner had it. */
export const notificationSchema = z.object({
  id: z.string(),
  incidentId: z.string(),
  callId: z.string().nullable(),
  recipientId: z.string(),
  recipientName: z.string(),
  language: z.enum(['id', 'en']),
  channels: z.array(channelSchema),
  reason: z.discriminatedUnion('by', [
    z.object({
      by: z.literal('rule'),
      ruleSetVersion: z.number(),
      ruleId: z.string(),
      incidentVersion: z.number(),
    }),
    z.object({ by: z.literal('dispatch'), dispatchId: z.string(), agencyId: z.string() }),
    z.object({ by: z.literal('sop'), dispatchId: z.string(), clock: z.string() }),
    z.object({ by: z.literal('person'), tokenId: z.string(), requestId: z.string() }),
  ]),
  message: z.object({
    kind: z.string().nullable(),
    severity: z.string().nullable(),
    district: z.string().nullable(),
    incidentNumber: z.string(),
    openedAt: z.number(),
    position: place.nullable(),
    callerNumber: z.string().nullable(),
    drill: z.boolean(),
    note: sentence.nullable(),
  }),
  dispatchId: z.string().nullable(),
  otherwise: z.array(z.string()),
  requestedAt: z.number(),
  claimedAt: z.number(),
  state: z.enum(['sending', 'delivered', 'acknowledged', 'failed']),
  deliveries: z.array(
    z.object({
      id: z.string(),
      type: z.enum(['webhook', 'email', 'voice']),
      attempts: z.array(
        z.object({
          id: z.string(),
          at: z.number(),
          endedAt: z.number().nullable(),
          result: z.enum(['delivered', 'acknowledged', 'failed', 'lost']).nullable(),
          reason: z.string().nullable(),
        }),
      ),
    }),
  ),
  dueAt: z.number().nullable(),
  endedAt: z.number().nullable(),
  failure: z.string().nullable(),
}) satisfies z.ZodType<Notification>;

/** A notification as REST shows it: without number, address or message. */
export const notificationView = z.object({
  id: z.string(),
  incidentId: z.string(),
  recipientId: z.string(),
  recipientName: z.string(),
  reason: z.record(z.string(), z.unknown()),
  dispatchId: z.string().nullable(),
  state: z.enum(['sending', 'delivered', 'acknowledged', 'failed']),
  requestedAt: z.string(),
  endedAt: z.string().nullable(),
  failure: z.string().nullable(),
  deliveries: z.array(
    z.object({
      id: z.string(),
      type: z.enum(['webhook', 'email', 'voice']),
      attempts: z.array(
        z.object({
          at: z.string(),
          endedAt: z.string().nullable(),
          result: z.enum(['delivered', 'acknowledged', 'failed', 'lost']).nullable(),
          reason: z.string().nullable(),
        }),
      ),
    }),
  ),
});
export type NotificationView = z.output<typeof notificationView>;

export function notificationViewOf(notification: Notification): NotificationView {
  const { id, incidentId, recipientId, recipientName, reason, dispatchId, state, failure } = notification;
  return {
    id,
    incidentId,
    recipientId,
    recipientName,
    reason: { ...reason },
    dispatchId,
    state,
    failure,
    requestedAt: isoTime(notification.requestedAt),
    endedAt: isoTimeOrNull(notification.endedAt),
    deliveries: notification.deliveries.map(({ attempts, ...delivery }) => ({
      ...delivery,
      attempts: attempts.map(({ at, endedAt, result, reason: why }) => {
        return { at: isoTime(at), endedAt: isoTimeOrNull(endedAt), result, reason: why };
      }),
    })),
  };
}

/** A notification, and whom its incident concerns. */
export interface FoundNotification {
  readonly notification: Notification;
  readonly circle: Circle;
}

const row = z.object({
  content: notificationSchema,
  kind: z.string().nullable(),
  operatorIds: z.array(z.string()),
});

const columns = `n.content, (select i.kind from incidents i where i.id = n.incident_id) as kind,
  ${talkedOnIncident('n.incident_id')} as "operatorIds"`;

/** Newest first. */
export async function listNotifications(
  sql: Sql,
  filter: {
    incidentId?: string | undefined;
    state?: string | undefined;
    limit: number;
    after: [string, string] | null;
  },
): Promise<FoundNotification[]> {
  const rows = await sql.rows(
    row,
    `select ${columns} from notifications n
     where ($1::uuid is null or n.incident_id = $1) and ($2::text is null or n.state = $2)
       and ($3::timestamptz is null or (n.requested_at, n.id) < ($3, $4::uuid))
     order by n.requested_at desc, n.id desc limit $5`,
    [
      filter.incidentId ?? null,
      filter.state ?? null,
      filter.after?.[0] ?? null,
      filter.after?.[1] ?? null,
      filter.limit,
    ],
  );
  return rows.map(({ content, ...circle }) => ({ notification: content, circle }));
}

/** Those of the ids given that are on record. */
export async function knownNotifications(sql: Sql, ids: readonly string[]): Promise<Set<string>> {
  const rows = await sql.rows(z.object({ id: z.string() }), 'select id::text from notifications where id = any($1)', [
    ids,
  ]);
  return new Set(rows.map(({ id }) => id));
}
