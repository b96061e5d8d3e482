import type { Attempt, AttemptOutcome, Dispatch, TrunkPath } from './dispatch.ts';

/**
 * In their order. A trunk whose job was lost has not been tried at all, and is rung once more; so is one that an INVITE with a
 * location did not get through to, without it. One of which nothing at all was heard costs a whole ring: an INVITE with a
 * location is longer than a packet (2,500 bytes), and many a network drops what comes in pieces. From then on nobody is
 * sent a location, and that trunk has its second turn after all others.
 */
export function nextPath({ trunks, attempts }: Dispatch): { trunk: TrunkPath; plain: boolean } | undefined {
  const last = attempts.at(-1);
  const silent = attempts.filter((one) => unheard(one) && one.outcome === 'no-answer');
  const same = trunks.find(({ id }) => id === last?.trunkId);
  if (last !== undefined && same !== undefined) {
    const lost = attempts.filter((one) => one.trunkId === same.id && one.outcome === 'job-lost').length;
    if (last.outcome === 'job-lost' && lost < 2) return { trunk: same, plain: !last.located || silent.length > 0 };
    if (unheard(last) && perhapsForLocation.has(last.outcome)) return { trunk: same, plain: true };
  }
  const fresh = trunks.find(({ id }) => attempts.every(({ trunkId }) => trunkId !== id));
  if (fresh !== undefined) return { trunk: fresh, plain: silent.length > 0 };
  const rungPlain = new Set(attempts.filter(({ located }) => !located).map(({ trunkId }) => trunkId));
  const second = silent.find(({ trunkId }) => !rungPlain.has(trunkId));
  const trunk = trunks.find(({ id }) => id === second?.trunkId);
  return trunk && { trunk, plain: true };
}

/** It brought a location, and neither rang nor answered. */
function unheard({ located, ringingAt, answeredAt }: Attempt): boolean {
  return located && ringingAt === null && answeredAt === null;
}

/** Of these the location may be the reason: gateways refuse what they cannot read with 415 or 488, but with 420, 500 or 513 too. */
const perhapsForLocation: ReadonlySet<AttemptOutcome | null> = new Set(['not-understood', 'unreachable']);
