// Whom the operator brings, from the request until he is in the bridge. The caller is touched by hold alone.

import { isHangUp, outcomeOfCause } from '../asterisk/cause.ts';
import type { Call } from './call.ts';
import { agenciesIn, operatorLegs } from './company.ts';
import type { OperatorOutcome } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import { beginHold, endHold, limitHold, whyNoHold } from './decide-hold.ts';
import { assignmentOf, clearTimer, detailOf, handOver, letGo, remove, setTimer, timerOf } from './decide-party-end.ts';
import { join } from './line.ts';
import { bargingLegs } from './monitor.ts';
import {
  hasAnswered,
  hasLeg,
  outsideRing,
  partyLimit,
  reserveLimit,
  type Party,
  type PartyLeg,
  type PartyPurpose,
  type PartyTarget,
} from './party.ts';
import { hangUp, promptOperator, refuse, report, tell, type Step } from './step.ts';

const askedKept = 32;

type Requested = Extract<CallInput, { type: 'party-requested' }>;
type Reserved = Extract<CallInput, { type: 'operator-reserved' }>;

/** Why nobody may be brought to the call now; null if somebody may. */
export function whyNoParty(call: Call, purpose: PartyPurpose, target?: PartyTarget): string | null {
  if (call.endedAt !== null || !call.caller.live) return 'the call has ended';
  if (call.operator?.state !== 'joined') return 'nobody talks with the caller';
  if (call.parties.length >= partyLimit) return 'there are enough parties on this call';
  const known = target !== undefined && 'operatorId' in target && operatorsOf(call).includes(target.operatorId);
  if (known) return 'he is on this call already';
  if (purpose !== 'consult') return null;
  if (call.parties.some((one) => one.purpose === 'consult')) return 'somebody is being consulted already';
  if (agenciesIn(call).length > 0) return 'an agency talks with the caller: make it a conference';
  if (bargingLegs(call.monitors, 'all').length > 0) return 'a supervisor talks with the caller: make it a conference';
  if (call.parties.length > 0) return 'others talk with the caller: make it a conference';
  return call.hold === null ? whyNoHold(call) : null;
}

function operatorsOf(call: Call): string[] {
  return [...operatorLegs(call), ...call.parties, ...call.monitors].flatMap((one) => one.operatorId ?? []);
}

/** The operator wants somebody in his call. */
export function requestParty(step: Step, input: Requested): void {
  const { call } = step;
  const { partyId, purpose, target, by } = input;
  if (call.asked.includes(partyId)) return;
  call.asked = [...call.asked, partyId].slice(-askedKept);
  const reason = whyNoParty(call, purpose, target);
  if (reason !== null) return refuse(step, 'party.refused', { partyId, purpose, reason, by });
  const party: Party = {
    id: partyId,
    purpose,
    target,
    by,
    requestedAt: step.at,
    state: 'reserving',
    operatorId: null,
    assignmentId: null,
    channelId: null,
    ringingAt: null,
    talkingAt: null,
  };
  call.parties.push(party);
  const operatorId = 'operatorId' in target ? target.operatorId : null;
  const number = 'number' in target ? target.number : null;
  tell(step, 'party.requested', { partyId, purpose, operatorId, number, by });
  if (purpose === 'consult') beginHold(step, 'consult', by);
  if ('number' in target) return ringOutside(step, party, target);
  // A supervisor who takes no calls himself is there for this.
  step.effects.push({ do: 'reserve-operator', requestId: partyId, target, evenPaused: 'tier' in target });
  setTimer(step, party, reserveLimit);
}

function ringOutside(step: Step, party: Party, target: Extract<Party['target'], { number: string }>): void {
  const channelId = nextLeg(step.call);
  party.channelId = channelId;
  party.state = 'ringing';
  setTimer(step, party, outsideRing);
  const { uri, callerNumber, limitMilliseconds } = target;
  // Whom the operator asks in private, no dialplan sends to the caller.
  const callerChannelId = party.purpose === 'consult' ? null : step.call.channelId;
  const ring = outsideRing + 5_000;
  step.effects.push({ do: 'ring-outside', channelId, uri, callerNumber, ring, limitMilliseconds, callerChannelId });
}

/**
 * The line has reserved an operator.
 * @returns false if no party waits for him: he is somebody else's, or nobody's any more.
 */
export function partyReserved(step: Step, input: Reserved): boolean {
  const { call } = step;
  const { assignmentId, operatorId, account } = input;
  const known = call.parties.find((one) => one.id === input.requestId);
  if (known?.state !== 'reserving' || call.settled.includes(assignmentId)) return false;
  known.operatorId = operatorId;
  known.assignmentId = assignmentId;
  known.channelId = nextLeg(call);
  known.state = 'ringing';
  setTimer(step, known, call.timing.operatorRing);
  step.effects.push({
    do: 'ring-operator',
    channelId: known.channelId,
    account,
    callerNumber: call.origin.callerNumber,
    callerName: call.origin.callerName,
    ring: call.timing.operatorRing + 5_000,
    callerChannelId: call.channelId,
    rungFor: { what: known.purpose, operatorId: call.operator?.operatorId ?? null },
  });
  tell(step, 'screen.pop', { operatorId });
  return true;
}

/** The line has nobody for this. */
export function partyNotReserved(step: Step, requestId: string, reason: string): void {
  const party = step.call.parties.find((one) => one.id === requestId);
  if (party?.state === 'reserving') notReached(step, party, reason, null);
}

export function partyOf(call: Call, channelId: string): PartyLeg | undefined {
  return call.parties.filter(hasLeg).find((one) => one.channelId === channelId);
}

export function partyRinging(step: Step, party: Party): void {
  if (party.ringingAt !== null || party.state !== 'ringing') return;
  party.ringingAt = step.at;
  tell(step, 'party.ringing', detailOf(party));
}

export function partyEntered(step: Step, party: PartyLeg): void {
  if (party.state !== 'ringing') return;
  party.state = 'entered';
  clearTimer(step, party);
  tell(step, 'party.answered', detailOf(party));
  join(step, party.channelId);
}

/** His leg is in the bridge. */
export function partyJoined(step: Step, channelId: string): void {
  const { call } = step;
  const party = partyOf(call, channelId);
  if (party?.state !== 'entered') return;
  party.state = 'joined';
  if (party.talkingAt === null) {
    party.talkingAt = step.at;
    tell(step, 'party.joined', detailOf(party));
    if (party.operatorId !== null) report(step, assignmentOf(party), 'talking');
    if ('number' in party.target) setTimer(step, party, party.target.limitMilliseconds);
  }
  // As long as he was rung the caller was on hold already: they have the whole time to speak.
  if (party.purpose === 'consult' && call.hold !== null) limitHold(step);
  if (party.purpose === 'hand-over') handOver(step, party);
}

/** What somebody who was consulted is here for now: he joins the others, or takes the call. */
export function changeParty(step: Step, input: { partyId: string; purpose: PartyPurpose; by: string }): void {
  const { call } = step;
  const { partyId, purpose, by } = input;
  const party = call.parties.find((one) => one.id === partyId);
  if (party === undefined) return refuse(step, 'party.refused', { partyId, purpose, reason: 'he is not there', by });
  if (party.purpose === purpose) return;
  if (purpose === 'consult') {
    return refuse(step, 'party.refused', { partyId, purpose, reason: 'he talks with the caller already', by });
  }
  party.purpose = purpose;
  tell(step, 'party.changed', { ...detailOf(party), by });
  const { channelId } = party;
  if ('number' in party.target && channelId !== null) {
    step.effects.push({ do: 'tie-to-caller', channelId, callerChannelId: call.channelId });
  }
  // The caller hears him from now on, or waits with his operator until he comes.
  if (call.hold !== null) endHold(step, 'party-changed', by);
  if (purpose === 'hand-over' && hasAnswered(party) && party.state === 'joined') handOver(step, party);
}

/** Somebody wants a party out of the call. */
export function endParty(step: Step, partyId: string, by: string): void {
  const party = step.call.parties.find((one) => one.id === partyId);
  if (party === undefined) return;
  letGo(step, party, 'party.ended', { by, reason: 'let-go' });
}

/** His phone is out of the call: refused, not answered, hung up, or vanished. */
export function partyGone(step: Step, party: Party, cause: number): void {
  if (!hasAnswered(party)) return notReached(step, party, outcomeOfCause(cause), cause);
  const hungUp = isHangUp(cause);
  remove(step, party);
  if (party.operatorId !== null) report(step, assignmentOf(party), hungUp ? 'finished' : 'lost');
  tell(step, hungUp ? 'party.left' : 'party.lost', { ...detailOf(party), cause });
}

/** The time for the line's answer, for the ringing, or for a call to the outside is over. */
export function partyTimedOut(step: Step, timer: string): void {
  const { call } = step;
  const party = call.parties.find((one) => timerOf(one) === timer);
  if (party === undefined) return;
  if (party.state === 'reserving') return notReached(step, party, 'no-answer-of-the-line', null);
  if (party.state !== 'ringing') return letGo(step, party, 'party.ended', { by: null, reason: 'time-limit' });
  if (party.channelId !== null) hangUp(step, party.channelId, 'no-answer');
  notReached(step, party, 'no-answer', 19);
}

/** Asterisk did not ring his phone. */
export function partyRingFailed(step: Step, party: PartyLeg, failure: string): void {
  if (party.state !== 'ringing') return;
  // The id is taken: the phone rings already. So it does when it was heard to ring.
  if (failure === 'conflict' || (failure !== 'gone' && party.ringingAt !== null)) return;
  if (failure !== 'gone') hangUp(step, party.channelId);
  notReached(step, party, 'failed', 27);
}

function notReached(step: Step, party: Party, reason: string, cause: number | null): void {
  remove(step, party);
  if (party.operatorId !== null) report(step, assignmentOf(party), cause === null ? 'not-needed' : outcomeOf(reason));
  tell(step, 'party.not-reached', { ...detailOf(party), reason, cause });
  promptOperator(step, 'code-refused');
}

function outcomeOf(reason: string): OperatorOutcome {
  return reason === 'busy' || reason === 'no-answer' ? reason : 'failed';
}

function nextLeg(call: Call): string {
  call.counters.leg += 1;
  return `${call.id}.p${call.counters.leg}`;
}
