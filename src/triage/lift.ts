import type { Call } from '../calls/call.ts';
import type { CallEntry, CallRunner } from '../calls/runner.ts';
import { placesOf } from './places.ts';
import { haveOneKey } from './redial.ts';
import { isRealKind, keysOf, type NuisanceKey } from './score.ts';

/** Gives calls that were put behind the others for a score their ordinary place again. */
interface Lifter {
  /** Hears of every entry of this process's calls. */
  recorded(entry: CallEntry): void;
  /** Of the calls that wait with a score: those that the test names. */
  lift(which: (call: Call) => boolean, why: { by: string; reason: string }, at: number): void;
}

/** A real incident speaks for who calls from there so long, in milliseconds. */
const holds = 600_000;
const kept = 1_000;

/** A call that its score has put behind others, or has made to be asked for a key. */
function isHeldBack(call: Call): boolean {
  const { nuisance } = call;
  return nuisance !== null && nuisance.measure !== 'none' && call.endedAt === null && call.caller.live;
}

export function createLifter(deps: { runner: () => CallRunner }): Lifter {
  let incidents: { callId: string; at: number; places: string[]; keys: NuisanceKey[] }[] = [];

  const raise = (call: Call, at: number, why: { by: string; reason: string }): void => {
    const priority = call.nuisance?.loweredFrom ?? call.queue.priority;
    deps.runner().tell(call.id, { type: 'ranked', at, queue: { priority }, ...why });
  };

  const near = (call: Call, at: number): boolean => {
    const places = placesOf(call.location, call.incident.district);
    return incidents.some(
      (one) =>
        one.callId !== call.id &&
        at - one.at <= holds &&
        one.places.some((place) => places.includes(place)) &&
        !haveOneKey(one.keys, keysOf(call.identity)),
    );
  };
  const why = { by: 'triage', reason: 'another call from the same cell or district has opened a real incident' };

  return {
    recorded({ facts, state, at }) {
      const opened = facts.some(
        ({ type, detail }) => type === 'incident.changed' && String(detail['changed']).split(',').includes('kind'),
      );
      const { incident } = state;
      if (opened) {
        // A call that proves to be none speaks for nobody any more.
        incidents = incidents.filter((one) => one.callId !== state.id && at - one.at <= holds).slice(-kept);
      }
      if (opened && isRealKind(incident.kind)) {
        const places = placesOf(state.location, incident.district);
        incidents.push({ callId: state.id, at, places, keys: keysOf(state.identity) });
        for (const call of deps.runner().all()) if (isHeldBack(call) && near(call, at)) raise(call, at, why);
      } else if (isHeldBack(state) && incidents.length > 0 && near(state, at)) raise(state, at, why);
    },
    lift(which, because, at) {
      const calls = deps.runner().all();
      for (const call of calls) if (isHeldBack(call) && which(call)) raise(call, at, because);
    },
  };
}
