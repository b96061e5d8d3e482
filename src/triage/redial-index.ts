import type { Call } from '../calls/call.ts';
import type { CallEntry } from '../calls/runner.ts';
import type { CallerIdentity } from '../calls/identity.ts';
import { isUnfinished } from './callback.ts';
import { haveOneKey, joinedBy, type AbandonedCall, type EarlierAttempt } from './redial.ts';
import { keysOf } from './score.ts';

/** Abandoned calls in memory, so that a redial finds the call before it at once. */
interface RedialIndex {
  /** Hears of every entry of this process's calls. */
  recorded(entry: CallEntry): void;
  /** What a call that arrives has to do with an earlier one; null when nothing. */
  earlierOf(identity: CallerIdentity, callId: string, at: number): EarlierAttempt | null;
}

const kept = 5_000;

/** `stored` are those of all processes, some moments late; this process's own are known at once. */
export function createRedialIndex(deps: {
  stored: () => readonly AbandonedCall[];
  calls: () => Call[];
  redialSeconds: () => number;
}): RedialIndex {
  const own = new Map<string, AbandonedCall>();
  /** By abandoned call, the redial that got through: also of calls that only PostgreSQL told of. */
  const taken = new Map<string, string>();

  const keysOfCall = (call: Call) => keysOf(call.identity, call.history?.nonUnique);

  const all = (): AbandonedCall[] => {
    const known = new Map<string, AbandonedCall>();
    for (const one of [...deps.stored(), ...own.values()]) {
      const other = known.get(one.callId);
      const redialledBy = taken.get(one.callId) ?? one.redialledBy ?? other?.redialledBy ?? null;
      // Whoever has the later version knows better; an edit after the call's end is known to PostgreSQL only.
      const newer = other !== undefined && other.incident.version > one.incident.version ? other : one;
      known.set(one.callId, { ...newer, redialledBy });
    }
    return [...known.values()];
  };

  const gotThrough = (call: Call): void => {
    const keys = keysOfCall(call);
    if (keys.length === 0) return;
    for (const one of all()) {
      if (one.callId === call.id || one.redialledBy !== null || !haveOneKey(one.keys, keys)) continue;
      taken.set(one.callId, call.id);
      trim(taken);
    }
  };

  return {
    recorded({ facts, state }) {
      if (facts.some(({ type }) => type === 'operator.talking')) gotThrough(state);
      const told = facts.some(({ type }) => type === 'call.ended' || type === 'incident.changed');
      if (!told && !own.has(state.id)) return;
      if (isUnfinished(state)) {
        own.set(state.id, abandonedCall(state));
        trim(own);
      } else own.delete(state.id);
      // A redial has the incident in hand: what its earlier calls say of it is old.
      for (const [callId, one] of own) {
        if (one.incident.id === state.incident.id && one.incident.version < state.incident.version) {
          own.set(callId, { ...one, incident: state.incident });
        }
      }
    },
    earlierOf(identity, callId, at) {
      const keys = keysOf(identity);
      if (keys.length === 0) return null;
      const live = deps
        .calls()
        .filter((call) => call.id !== callId && call.endedAt === null && haveOneKey(keysOfCall(call), keys));
      const joined = joinedBy({ callId, keys, at }, all(), deps.redialSeconds());
      // On two lines at once: the other call has the incident in hand.
      const other = live.at(-1);
      if (other !== undefined) return { relation: 'linked', callId: other.id, incidentId: other.incident.id };
      return joined;
    },
  };
}

function abandonedCall(call: Call): AbandonedCall {
  return {
    callId: call.id,
    keys: keysOf(call.identity, call.history?.nonUnique),
    endedAt: call.endedAt ?? call.arrivedAt,
    incident: call.incident,
    callIds: [...(call.earlier?.relation === 'joined' ? call.earlier.callIds : []), call.id],
    emergencyIncidentId: call.emergency.incidentId,
    redialledBy: null,
  };
}

/** The oldest go first: a Map keeps the order in which things came. */
function trim(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= kept) return;
    map.delete(key);
  }
}
