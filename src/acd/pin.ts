import { randomBytes, randomInt, scrypt, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../platform/clock.ts';

const keyLength = 32;
const cost = { N: 16_384, r: 8, p: 1 };
const wrongTries = 5;
const triesWithin = 10 * 60_000;

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
async function isPin(pin: string, digest: string): Promise<boolean> {
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

/**
 * `locked`: five wrong tries within ten minutes; even the right PIN opens nothing until the first is ten minutes old.
 * `operatorId`: whose PIN it would have been; null when nobody has the extension.
 */
export type PinAnswer =
  { right: true; operatorId: string } | { right: false; reason: 'wrong' | 'locked'; operatorId: string | null };

/** Checks a person's PIN by his extension. Never rejects for what was typed. */
export type CheckPin = (extension: string, pin: string) => Promise<PinAnswer>;

/**
 * Checks PINs from memory, so that it works without PostgreSQL. An extension that nobody has, and a person without a PIN,
 * are answered like a wrong PIN, and take as long.
 */
export function createPinCheck(deps: {
  clock: Clock;
  find: (extension: string) => { id: string; pinDigest: string | null } | undefined;
}): CheckPin {
  // By the digest: a new PIN has its own tries. Only those of people who are there, so it does not grow.
  const tries = new Map<string, number[]>();
  const nobodys = pinDigest(newPin());

  return async (extension, pin) => {
    const now = deps.clock.now();
    for (const [digest, times] of tries) {
      const recent = times.filter((at) => at > now - triesWithin);
      if (recent.length === 0) tries.delete(digest);
      else tries.set(digest, recent);
    }
    const person = deps.find(extension);
    const digest = person?.pinDigest ?? null;
    if (person === undefined || digest === null) {
      await isPin(pin, await nobodys);
      return { right: false, reason: 'wrong', operatorId: person?.id ?? null };
    }
    const operatorId = person.id;
    const before = tries.get(digest) ?? [];
    if (before.length >= wrongTries) return { right: false, reason: 'locked', operatorId };
    // Counted before it is known: many at once are no way around the limit.
    tries.set(digest, [...before, now]);
    if (!(await isPin(pin, digest))) return { right: false, reason: 'wrong', operatorId };
    tries.delete(digest);
    return { right: true, operatorId };
  };
}
