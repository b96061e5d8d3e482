import { isoTime } from '../platform/text.ts';
import type { NotifyJob } from './jobs.ts';
import { fitToSend, placeholderFault, subjectOf, textOf, type WebhookBody } from './message.ts';
import type { Notification, NotificationEffect, SendResult } from './notification.ts';
import { signatureOf } from './signature.ts';

export type SendEffect = Extract<NotificationEffect, { do: 'send' }>;

/** What the centre sends with, at the moment. */
export interface SenderSettings {
  readonly webhookNetworks: readonly string[];
  readonly timeZone: string;
  /** Null: no mail server is set. */
  readonly mailFrom: string | null;
  /** What signs the recipient's webhooks; undefined: there is no such recipient any more. */
  readonly secret: string | undefined;
  /** How a number is rung, or why it is not. */
  readonly ringing: (number: string) => Extract<NotifyJob, { type: 'voice' }>['ring'] | { refused: string };
}

export type Prepared = { readonly job: NotifyJob } | { readonly fault: SendResult };

/** Makes the job for one try, or says why this channel cannot be used now. Pure but for what it is handed. */
export function prepare(
  notification: Notification,
  { attemptId, deliveryId, channel, expiresAt }: Omit<SendEffect, 'inLine'>,
  settings: SenderSettings,
  now: number,
): Prepared {
  const fault = placeholderFault(channel);
  if (fault !== null) return unusable(fault);
  const common = { attemptId, notificationId: notification.id, expiresAt };
  switch (channel.type) {
    case 'webhook': {
      if (settings.secret === undefined) return unusable('the recipient is not there any more');
      const body = JSON.stringify(webhookBody(notification, deliveryId, settings.timeZone));
      const timestamp = String(Math.floor(now / 1_000));
      const headers = {
        'x-siaga-timestamp': timestamp,
        'x-siaga-signature': signatureOf(settings.secret, timestamp, body),
        'x-siaga-delivery': deliveryId,
      };
      const post = { url: channel.url, headers, body, networks: [...settings.webhookNetworks] };
      return { job: { ...common, type: 'webhook', post } };
    }
    case 'email': {
      if (settings.mailFrom === null) return unusable('no mail server is set (SIAGA_SMTP_URL)');
      const message = fitToSend(notification.message);
      const subject = subjectOf(message, notification.language);
      const text = textOf(message, notification.language, settings.timeZone);
      const mail = { to: channel.address, from: settings.mailFrom, subject, text, deliveryId };
      return { job: { ...common, type: 'email', mail } };
    }
    case 'voice': {
      const ring = settings.ringing(channel.number);
      return 'refused' in ring ? unusable(ring.refused) : { job: { ...common, type: 'voice', ring } };
    }
  }
}

/** Trying again would change nothing: the next channel is tried. */
function unusable(reason: string): Prepared {
  return { fault: { result: 'failed', reason, again: false } };
}

function webhookBody(notification: Notification, deliveryId: string, timeZone: string): WebhookBody {
  const { id, incidentId, recipientId, reason, language } = notification;
  const message = fitToSend(notification.message);
  const { incidentNumber, kind, severity, district, openedAt, position, callerNumber, confidential, drill } = message;
  return {
    notificationId: id,
    deliveryId,
    incidentId,
    incidentNumber,
    recipientId,
    reason: reason.by,
    kind,
    severity,
    district,
    openedAt: isoTime(openedAt),
    position,
    callerNumber,
    confidential,
    drill,
    subject: subjectOf(message, language),
    text: textOf(message, language, timeZone),
  };
}
