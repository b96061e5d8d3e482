import type { Clock } from '../platform/clock.ts';
import { isPin, newPin, pinDigest } from '../platform/pin.ts';
import { createTries } from '../platform/tries.ts';

/** A dispatch that a crew may mean, and what is kept of its agency's PIN. */
export interface CrewCandidate {
  readonly dispatchId: string;
  readonly agencyId: string;
  readonly digest: string;
}

/** Agencies whose PIN was tried and was not it. */
export interface RefusedCrew {
  readonly caller: string;
  readonly number: string;
  readonly agencyIds: readonly string[];
}

export interface CrewCheck {
  /** Of this caller enough has gone wrong for now. */
  readonly locked: (caller: string) => boolean;
  /**
   * The dispatch of an incident's number and an agency's PIN. A number that no incident has is answered like a wrong PIN, and
   * takes as long. Rejects when the dispatches cannot be looked up.
   */
  readonly check: (
    caller: string,
    number: string,
    pin: string,
  ) => Promise<'wrong' | 'locked' | { readonly dispatchId: string }>;
}

const minutes = 60_000;
/**
 * For an agency: all on an incident are tried at once, so that one crew's mistakes count for each. For a caller: his number
 * is what the network says, so that this keeps nobody out who means it; the agency's limit does. Who withholds it (empty) is
 * anybody: one's mistakes are not to lock all the others out.
 */
const agencyLimit = { limit: 10, within: 10 * minutes, most: 1_000 };
const callerLimit = { limit: 6, within: 10 * minutes, most: 1_000 };

export function createCrewCheck(deps: {
  readonly clock: Clock;
  /** The likeliest first. */
  readonly dispatchesOf: (number: string) => Promise<readonly CrewCandidate[]>;
  readonly refused: (refused: RefusedCrew) => void;
  /** An agency's PIN is not taken any more for a while. */
  readonly lockedOut: (agencyId: string) => void;
}): CrewCheck {
  // By the digest: a new PIN has its own tries.
  const agencies = createTries({ clock: deps.clock, ...agencyLimit });
  const callers = createTries({ clock: deps.clock, ...callerLimit });
  const nobodys = pinDigest(newPin());
  // One at a time: scrypt takes a thread that the journal needs as well, and many tries at once are no way around a limit.
  let lane: Promise<unknown> = Promise.resolve();

  const matching = async (pin: string, open: readonly CrewCandidate[]): Promise<CrewCandidate | undefined> => {
    for (const one of open) if (await isPin(pin, one.digest)) return one;
    if (open.length === 0) await isPin(pin, await nobodys);
    return undefined;
  };

  const decide = async (caller: string, number: string, pin: string, ofAgencies: readonly CrewCandidate[]) => {
    if (callers.locked(caller)) return 'locked';
    const open = ofAgencies.filter(({ digest }) => !agencies.locked(digest));
    const found = await matching(pin, open);
    if (found !== undefined) {
      callers.forget(caller);
      agencies.forget(found.digest);
      return { dispatchId: found.dispatchId };
    }
    if (caller !== '') callers.count(caller);
    for (const { digest, agencyId } of open) {
      agencies.count(digest);
      if (agencies.locked(digest)) deps.lockedOut(agencyId);
    }
    const agencyIds = ofAgencies.map(({ agencyId }) => agencyId);
    if (agencyIds.length > 0) deps.refused({ caller, number, agencyIds });
    return agencyIds.length > 0 && open.length === 0 ? 'locked' : 'wrong';
  };

  return {
    locked: (caller) => callers.locked(caller),
    async check(caller, number, pin) {
      const candidates = await deps.dispatchesOf(number);
      const first = new Map<string, CrewCandidate>();
      for (const one of candidates) if (!first.has(one.agencyId)) first.set(one.agencyId, one);
      const turn = lane.then(() => decide(caller, number, pin, [...first.values()]));
      lane = turn.catch(() => undefined);
      return turn;
    },
  };
}
