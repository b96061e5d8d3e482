import type { Clock } from '../platform/clock.ts';
import { isPin, newPin, pinDigest } from '../platform/pin.ts';
import { createTries } from '../platform/tries.ts';

const wrongTries = { limit: 5, within: 10 * 60_000, most: 10_000 };

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
  // By the digest: a new PIN has its own tries.
  const tries = createTries({ clock: deps.clock, ...wrongTries });
  const nobodys = pinDigest(newPin());

  return async (extension, pin) => {
    const person = deps.find(extension);
    const digest = person?.pinDigest ?? null;
    if (person === undefined || digest === null) {
      await isPin(pin, await nobodys);
      return { right: false, reason: 'wrong', operatorId: person?.id ?? null };
    }
    const operatorId = person.id;
    if (tries.locked(digest)) return { right: false, reason: 'locked', operatorId };
    // Counted before it is known: many at once are no way around the limit.
    tries.count(digest);
    if (!(await isPin(pin, digest))) return { right: false, reason: 'wrong', operatorId };
    tries.forget(digest);
    return { right: true, operatorId };
  };
}
