import { factsOfCall } from '../calls/call-facts.ts';
import type { Call } from '../calls/call.ts';
import type { CallEntry, CallRunner } from '../calls/runner.ts';
import { askedBy, notYetAsked, notYetTold, type Done } from '../dispatch/again.ts';
import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import type { AfterwardsDeps } from './afterwards.ts';

export interface AskAgainDeps extends Pick<AfterwardsDeps, 'planByRules'> {
  runner: () => Pick<CallRunner, 'get' | 'tell'>;
  clock: Clock;
  logger: Logger;
  /** What is on record of what was done for an incident; rejects while PostgreSQL is away. */
  doneBefore: (incidentId: string) => Promise<Done>;
}

/**
 * Asks the rules again for a live call whose incident has a kind, when what they are asked about has changed by itself: a
 * better location, or a call that has joined the incident and is taken. What they want anew is done; that is at most once
 * for each of these entries. The operator stays: a transfer that nobody has asked for is a bridge.
 */
export function askingAgain(deps: AskAgainDeps): { readonly heardOf: (entry: CallEntry) => void } {
  const ask = (call: Call, before: Done): void => {
    const at = deps.clock.now();
    const plan = deps.planByRules(call.incident, factsOfCall(call), at);
    if (plan === null) return;
    const asked = [...before.asked, ...call.dispatches.map(askedBy)];
    const dispatches = notYetAsked(plan.dispatches, asked, false).map(bridged);
    const tell = notYetTold(plan.decision, [...before.told, ...(call.told ?? [])]);
    if (dispatches.length + tell.length === 0) return;
    const { decision } = plan;
    deps.runner().tell(call.id, { type: 'incident-changed', at, change: {}, by: 'rules', dispatches, decision, tell });
  };

  const askJoined = async (callId: string, incidentId: string): Promise<void> => {
    const before = await deps.doneBefore(incidentId);
    const call = deps.runner().get(callId);
    if (call !== undefined && concerns(call)) ask(call, before);
  };

  return {
    heardOf({ state, facts }) {
      if (!concerns(state)) return;
      const has = (type: string): boolean => facts.some((fact) => fact.type === type);
      const joined = state.earlier?.relation === 'joined';
      if (!has('location.best') && !(joined && has('operator.talking'))) return;
      if (!joined) {
        ask(state, { asked: [], told: [] });
        return;
      }
      // Who was rung for the calls before stands in the record alone; while nobody knows, nobody is rung a second time.
      askJoined(state.id, state.incident.id).catch((error: unknown) => {
        deps.logger.warn({ err: error, callId: state.id }, 'the rules were not asked again: the record is away');
      });
    },
  };
}

function concerns({ endedAt, incident }: Call): boolean {
  return endedAt === null && incident.kind !== null && incident.status === 'open';
}

function bridged(dispatch: Dispatch): Dispatch {
  const { mode, fallback } = dispatch;
  return { ...dispatch, mode: mode === 'transfer' ? 'bridge' : mode, fallback: fallback && bridged(fallback) };
}
