// How a party leaves, takes the call over, or follows an operator who has gone.

import type { Call, OperatorLeg } from './call.ts';
import { speakers, staysOnHold } from './company.ts';
import { endHold, forgetOperator, operatorLeaves } from './decide-hold.ts';
import { hasAnswered, hasLeg, type Party, type PartyLeg } from './party.ts';
import { hangUp, report, tell, type Step } from './step.ts';

/** The party is with the caller from now on, and the operator leaves. */
export function handOver(step: Step, party: PartyLeg): void {
  const { call } = step;
  operatorLeaves(step, { handedTo: party.operatorId ?? party.id });
  // Nobody outside becomes an operator: he speaks with the caller as an agency does.
  if (party.operatorId === null) party.purpose = 'conference';
  else promote(step, party);
  if (call.hold !== null) endHold(step, 'handed-over', null);
}

/** A party becomes the call's operator. */
function promote(step: Step, party: PartyLeg): void {
  const { call } = step;
  const { operatorId, assignmentId } = assignmentOf(party);
  remove(step, party);
  delete call.timers.pop;
  const state: OperatorLeg['state'] = party.state === 'joined' || party.state === 'entered' ? party.state : 'ringing';
  call.operator = {
    operatorId,
    assignmentId,
    channelId: party.channelId,
    // From now on he rings for the caller, who waits no longer for him than for anybody else.
    assignedAt: state === 'ringing' ? step.at : party.requestedAt,
    state,
    popped: true,
    ringingAt: party.ringingAt,
    talkingAt: party.talkingAt,
  };
  tell(step, 'party.took-over', { partyId: party.id, operatorId });
  if (state === 'ringing') call.timers.ring = step.at + call.timing.operatorRing;
  if (party.talkingAt === null) return;
  call.talkedWith = operatorId;
  tell(step, 'operator.talking', { operatorId });
}

/**
 * What holds between operator, hold and parties after every input: nobody is consulted beside a caller who hears it,
 * nobody is on hold for an operator who has gone, and who is there already takes over from him.
 */
export function settleParties(step: Step): void {
  const { call } = step;
  if (!call.caller.live) return withoutCaller(step);
  if (call.operator === null) withoutOperator(step);
  if (call.hold === null) letGoAll(step, (one) => one.purpose === 'consult', 'hold-ended');
  if (call.hold !== null && !staysOnHold(call)) endHold(step, 'consult-ended', null);
}

/** Two who talk to each other may go on; who is only rung, is rung for nobody. */
function withoutCaller(step: Step): void {
  const { call } = step;
  call.hold = null;
  delete call.timers.hold;
  letGoAll(step, (one) => !hasAnswered(one), 'the caller hung up');
  for (const party of call.parties) party.purpose = 'conference';
}

function withoutOperator(step: Step): void {
  const { call } = step;
  forgetOperator(call);
  const heir = heirOf(call);
  if (heir !== undefined) promote(step, heir);
  letGoAll(step, (one) => one.purpose === 'consult' || !hasAnswered(one), 'the operator has gone');
  if (call.hold !== null) endHold(step, 'the operator has gone', null);
}

/** Who follows an operator who has left: a colleague in the call, or one who was to come into it. */
function heirOf(call: Call): PartyLeg | undefined {
  const colleagues = call.parties.filter(hasLeg).filter((one) => one.operatorId !== null);
  // Whom he consulted in private takes the caller only if nobody else is with him.
  const others = speakers(call).length > 0;
  const heirs = colleagues.filter((one) => one.purpose !== 'consult' || (!others && hasAnswered(one)));
  return heirs.find((one) => one.state === 'joined') ?? heirs.find((one) => one.state === 'entered') ?? heirs[0];
}

/** Somebody is on his way to the caller: an operator who hangs up now leaves the caller to him. */
export function expectsParty(call: Call): boolean {
  return call.parties.some((one) => one.purpose !== 'consult');
}

/** Everybody whom the operator brought leaves with the end of the call. */
export function endParties(step: Step): void {
  letGoAll(step, () => true, 'the call has ended');
}

function letGoAll(step: Step, which: (party: Party) => boolean, reason: string): void {
  for (const party of step.call.parties.filter(which)) letGo(step, party, 'party.ended', { by: null, reason });
}

export function letGo(step: Step, party: Party, fact: string, detail: Record<string, string | null>): void {
  remove(step, party);
  if (party.channelId !== null) hangUp(step, party.channelId);
  if (party.operatorId !== null) report(step, assignmentOf(party), hasAnswered(party) ? 'finished' : 'not-needed');
  tell(step, fact, { ...detailOf(party), ...detail });
}

export function remove(step: Step, party: Party): void {
  clearTimer(step, party);
  step.call.parties = step.call.parties.filter((one) => one.id !== party.id);
}

export function assignmentOf({ operatorId, assignmentId }: Party): { operatorId: string; assignmentId: string } {
  return { operatorId: operatorId ?? '', assignmentId: assignmentId ?? '' };
}

export function detailOf({ id, purpose, operatorId, target }: Party): Record<string, string | null> {
  return { partyId: id, purpose, operatorId, number: 'number' in target ? target.number : null };
}

export function timerOf({ id }: Party): `party:${string}` {
  return `party:${id}`;
}

export function setTimer(step: Step, party: Party, milliseconds: number): void {
  step.call.timers[timerOf(party)] = step.at + milliseconds;
}

export function clearTimer(step: Step, party: Party): void {
  Reflect.deleteProperty(step.call.timers, timerOf(party));
}
