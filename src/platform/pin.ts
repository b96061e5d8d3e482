import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';

const keyLength = 32;
const cost = { N: 16_384, r: 8, p: 1 };

/** A new PIN: six random digits. It is shown once; only its digest is kept. */
export function newPin(): string {
  return String(randomInt(0, 1_000_000)).padStart(6, '0');
}

/** What is kept of a PIN: salt and scrypt (RFC 7914), in hex, with a colon between. */
export async function pinDigest(pin: string): Promise<string> {
  const salt = randomBytes(16);
  return `${salt.toString('hex')}:${(await derive(pin, salt)).toString('hex')}`;
}

/** Whether it is the PIN of which that was kept. */
export async function isPin(pin: string, digest: string): Promise<boolean> {
  const [salt = '', key = ''] = digest.split(':');
  const expected = Buffer.from(key, 'hex');
  const derived = await derive(pin, Buffer.from(salt, 'hex'));
  return expected.length === derived.length && timingSafeEqual(expected, derived);
}

function derive(pin: string, salt: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(pin, salt, keyLength, cost, (error, key) => (error === null ? resolve(key) : reject(error)));
  });
}
