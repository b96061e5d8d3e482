import { createHmac, randomBytes } from 'node:crypto';

/** A new secret for a recipient's webhooks: 256 random bits. */
export function newWebhookSecret(): string {
  return `siaga_wh_${randomBytes(32).toString('base64url')}`;
}

/**
 * The value of `X-Siaga-Signature`: HMAC-SHA256 (RFC 2104) of `timestamp.body` in hex. The time is signed with the body, so
 * that who keeps an old message cannot send it again as a new one.
 */
export function signatureOf(secret: string, timestamp: string, body: string): string {
  return `sha256=${createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')}`;
}
