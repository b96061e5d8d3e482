import { createHmac, timingSafeEqual } from 'node:crypto';

const idBytes = 16;
const expiryBytes = 4;
const macBytes = 32;

/** How long a link holds. */
export const linkHours = 12;

/**
 * The signed part of a crew's link: dispatch id and expiry (epoch milliseconds, kept in seconds) with an HMAC-SHA-256 over both,
 * in base64url. Whoever has it may say where the crew is, until then, and nothing else.
 */
export function signLink(secret: string, dispatchId: string, expiresAt: number): string {
  const signed = Buffer.alloc(idBytes + expiryBytes);
  Buffer.from(dispatchId.replaceAll('-', ''), 'hex').copy(signed);
  signed.writeUInt32BE(Math.floor(expiresAt / 1_000), idBytes);
  return Buffer.concat([signed, macOf(secret, signed)]).toString('base64url');
}

/** Reads it back: `forged` is whatever was not signed with this secret, also a single character that differs. */
export function readLink(
  secret: string,
  token: string,
  at: number,
): { link: 'good'; dispatchId: string } | { link: 'expired' } | { link: 'forged' } {
  const bytes = Buffer.from(token, 'base64url');
  if (bytes.length !== idBytes + expiryBytes + macBytes || bytes.toString('base64url') !== token)
    return { link: 'forged' };
  const signed = bytes.subarray(0, idBytes + expiryBytes);
  if (!timingSafeEqual(bytes.subarray(idBytes + expiryBytes), macOf(secret, signed))) return { link: 'forged' };
  if (signed.readUInt32BE(idBytes) * 1_000 <= at) return { link: 'expired' };
  const hex = signed.toString('hex', 0, idBytes);
  return { link: 'good', dispatchId: hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') };
}

function macOf(secret: string, signed: Buffer): Buffer {
  return createHmac('sha256', secret).update('siaga-responder-link').update(signed).digest();
}
