import { agenciesIn, speakers, type Call, type OperatorLeg } from './call.ts';
import type { OperatorOutcome } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import { beginHold, endHold, forgetOperator, limitHold, whyNoHold } from './decide-hold.ts';
import { join } from './line.ts';
import {
  hasAnswered,
  hasLeg,
  outsideRing,
  partyLimit,
  reserveLimit,
  unanswered,
  type Party,
  type PartyLeg,
  type PartyPurpose,
} from './party.ts';
import { hangUp, promptOperator, refuse, report, tell, type Step } from './step.ts';

const askedKept = 32;

type Requested = Extract<CallInput, { type: 'party-requested' }>;
type Reserved = Extract<CallInput, { type: 'operator-reserved' }>;

/** Why nobody may be brought to the call now; null if somebody may. */
export function whyNoParty(call: Call, purpose: PartyPurpose, target: Requested['target']): string | null {
  if (call.endedAt !== null || !call.caller.live) return 'the call has ended';
  if (call.operator?.state !== 'joined') return 'nobody talks with the caller';
  if (call.parties.length >= partyLimit) return 'there are enough parties on this call';
  if ('operatorId' in target && operatorsOf(call).includes(target.operatorId)) return 'he is on this call already';
  if (purpose !== 'consult') return null;
  if (call.parties.some((one) => one.purpose === 'consult')) return 'somebody is being consulted already';
  if (agenciesIn(call).length > 0) return 'an agency talks with the caller: make it a conference';
  if (call.parties.length > 0) return 'others talk with the caller: make it a conference';
  return call.hold === null ? whyNoHold(call) : null;
}

function operatorsOf(call: Call): string[] {
  return [call.operator?.operatorId ?? null, ...call.parties.map((one) => one.operatorId)].filter((id) => id !== null);
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
  const callerChannelId = step.call.channelId;
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
  if (known?.assignmentId === assignmentId || call.operator?.assignmentId === assignmentId) return true;
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
  if (!hasAnswered(party)) return notReached(step, party, unanswered(cause), cause);
  const hungUp = cause === 16;
  remove(step, party);
  if (party.operatorId !== null) report(step, assignmentOf(party), hungUp ? 'finished' : 'lost');
  tell(step, hungUp ? 'party.left' : 'party.lost', { ...detailOf(party), cause });
}

/** The time for the line's answer, for the ringing, or for a call to the outside is over. */
export function partyTimedOut(step: Step, timer: string): void {
  const { call } = step;
  const party = call.parties.find((one) => timerOf(one) === timer);
  Reflect.deleteProperty(call.timers, timer);
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

/** The party is with the caller from now on, and the operator leaves. */
function handOver(step: Step, party: PartyLeg): void {
  const { call } = step;
  const { operator } = call;
  if (operator !== null) {
    const { operatorId, channelId } = operator;
    call.operator = null;
    forgetOperator(call);
    hangUp(step, channelId);
    report(step, operator, 'finished');
    tell(step, 'operator.left', { operatorId, cause: 16, handedTo: party.operatorId ?? party.id });
  }
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
    assignedAt: party.requestedAt,
    state,
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
  const consulting = call.parties.some((one) => one.purpose === 'consult');
  const held = call.hold !== null && (call.hold.because === 'operator' || consulting);
  if (call.hold !== null && !held) endHold(step, 'consult-ended', null);
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

function letGo(step: Step, party: Party, fact: string, detail: Record<string, string | null>): void {
  remove(step, party);
  if (party.channelId !== null) hangUp(step, party.channelId);
  if (party.operatorId !== null) report(step, assignmentOf(party), hasAnswered(party) ? 'finished' : 'not-needed');
  tell(step, fact, { ...detailOf(party), ...detail });
}

function remove(step: Step, party: Party): void {
  clearTimer(step, party);
  step.call.parties = step.call.parties.filter((one) => one.id !== party.id);
}

function assignmentOf({ operatorId, assignmentId }: Party): { operatorId: string; assignmentId: string } {
  return { operatorId: operatorId ?? '', assignmentId: assignmentId ?? '' };
}

function detailOf({ id, purpose, operatorId, target }: Party): Record<string, string | null> {
  return { partyId: id, purpose, operatorId, number: 'number' in target ? target.number : null };
}

function nextLeg(call: Call): string {
  call.counters.leg += 1;
  return `${call.id}.p${call.counters.leg}`;
}

function timerOf({ id }: Party): `party:${string}` {
  return `party:${id}`;
}

function setTimer(step: Step, party: Party, milliseconds: number): void {
  step.call.timers[timerOf(party)] = step.at + milliseconds;
}

function clearTimer(step: Step, party: Party): void {
  Reflect.deleteProperty(step.call.timers, timerOf(party));
}
