// Who is on a call: whose phones ring for it, who is in its bridge, and whether two talk.

import type { Dispatch } from '../dispatch/dispatch.ts';
import type { Call, OperatorLeg } from './call.ts';
import { bargingLegs } from './monitor.ts';
import { hasAnswered } from './party.ts';

/** The phones of operators that the call rings, or that took it. */
export function operatorLegs(call: Pick<Call, 'operator' | 'others'>): OperatorLeg[] {
  return call.operator === null ? call.others : [call.operator, ...call.others];
}

/** The channels of the agencies that are in the call's bridge and can speak there. */
export function agenciesIn(call: Call): string[] {
  return legsOf(call.dispatches.filter(({ state, muted }) => state === 'joined' && !muted));
}

/** The channels of the agencies that hear the call without being heard: in its bridge, or on the way into it. */
export function unheardAgencies(call: Call): string[] {
  return legsOf(call.dispatches.filter(({ state, muted }) => (state === 'joined' || state === 'accepted') && muted));
}

/** The operator speaks with somebody whom he consults, for nobody else to hear. */
export function isPrivate({ hold }: Pick<Call, 'hold'>): boolean {
  return hold?.because === 'consult';
}

/** The caller is on hold for his operator's sake, or for somebody who is consulted still; else he comes back. */
export function staysOnHold({ hold, parties }: Pick<Call, 'hold' | 'parties'>): boolean {
  return hold?.because === 'operator' || (hold !== null && parties.some(({ purpose }) => purpose === 'consult'));
}

/**
 * The channels of everyone who took the call and was in its bridge: who can speak to a caller who is not on hold. An operator
 * who has muted himself is among them: he hears the caller, and it is his to end.
 */
export function speakers(call: Call): string[] {
  const parties = call.parties.filter((one) => one.state === 'joined' && one.purpose !== 'consult');
  const brought = parties.flatMap((one) => one.channelId ?? []);
  const others = [...agenciesIn(call), ...brought, ...bargingLegs(call.monitors, 'joined')];
  return call.operator?.state === 'joined' ? [call.operator.channelId, ...others] : others;
}

/** Somebody is on this call, or on his way to it, by this assignment of the line. */
export function isOnCall(call: Call, assignmentId: string): boolean {
  const all = [...operatorLegs(call), ...call.parties, ...call.monitors];
  return all.some((one) => one.assignmentId === assignmentId);
}

/**
 * The channels of everyone who took the call: in its bridge, or on the way into it; also of whoever is consulted. Who is not
 * heard is company to nobody.
 */
export function company(call: Call): string[] {
  const taken = call.dispatches.filter(({ state }) => state === 'joined' || state === 'accepted');
  const agencies = taken.filter(({ muted }) => !muted);
  const parties = call.parties.filter(hasAnswered).map((one) => one.channelId);
  const others = [...legsOf(agencies), ...parties, ...bargingLegs(call.monitors, 'all')];
  return call.operator === null || call.operator.state === 'ringing' ? others : [call.operator.channelId, ...others];
}

function legsOf(dispatches: Dispatch[]): string[] {
  return dispatches.flatMap((dispatch) => dispatch.attempts.at(-1)?.channelId ?? []);
}

/** The caller is in the bridge with somebody who is known to be in it as well. */
export function isTalking(call: Call): boolean {
  return call.caller.joined && speakers(call).some((channelId) => !call.joining.includes(channelId));
}
