// Operators' phones from the assignment to the hang-up, several at once. It alone takes a call's operator from the line.

import { isHangUp, outcomeOfCause } from '../asterisk/cause.ts';
import { expectsAgency } from './apply-dispatch.ts';
import type { OperatorLeg } from './call.ts';
import { company, isOnCall, operatorLegs, speakers } from './company.ts';
import { prepareScreen } from './decide-caller.ts';
import { withdrawBackupCentre } from './decide-backup-centre.ts';
import { endCall, giveBack } from './decide-end.ts';
import type { RungFor } from './call-effect.ts';
import { backToLine, join, joinCaller, stopRinging } from './line.ts';
import { expectsParty } from './decide-party-end.ts';
import { hangUp, report, tell, type Step } from './step.ts';

/** After so many phones in a row that did not ring, the human path has the better chance: it rings them by itself. */
const unrungLimit = 3;

/** So many phones ring for one call at once. */
const ringAtMost = 50;

export function operatorAssigned(
  step: Step,
  input: { assignmentId: string; operatorId: string; account: string; together?: boolean },
): void {
  const { call } = step;
  const { assignmentId } = input;
  if (isOnCall(call, assignmentId)) return;
  const live = call.endedAt === null && call.caller.live;
  const first = live && call.line !== null && call.operator === null;
  const beside =
    live && input.together === true && call.operator?.state === 'ringing' && call.others.length < ringAtMost;
  // One that was settled already is a late double. It is answered, should the line think that he rings.
  if (!(first || beside) || call.settled.includes(assignmentId)) return report(step, input, 'not-needed');
  if (first) {
    call.line = null;
    call.place = null;
    delete call.timers.line;
    delete call.timers.comfort;
  }
  ringOperator(step, input);
}

/** Rings an operator's phone for the caller; he is the call's operator, or rings beside him. */
export function ringOperator(
  step: Step,
  input: { assignmentId: string; operatorId: string; account: string },
  rungFor?: RungFor,
): void {
  const { call } = step;
  const { operatorId, assignmentId } = input;
  call.counters.leg += 1;
  const channelId = `${call.id}.o${call.counters.leg}`;
  const leg: OperatorLeg = {
    operatorId,
    assignmentId,
    channelId,
    assignedAt: step.at,
    state: 'ringing',
    popped: false,
    ringingAt: null,
    talkingAt: null,
    ...(rungFor === undefined ? {} : { asked: true }),
  };
  if (call.operator === null) call.operator = leg;
  else call.others.push(leg);
  limitRinging(step);
  tell(step, 'operator.assigned', { operatorId });
  step.effects.push({
    do: 'ring-operator',
    channelId,
    account: input.account,
    callerNumber: call.origin.callerNumber,
    callerName: call.origin.callerName,
    ring: call.timing.operatorRing + 5_000,
    callerChannelId: call.channelId,
    ...(rungFor === undefined ? {} : { rungFor }),
  });
  prepareScreen(step);
}

/** The ring timer is that of the phone that has rung longest. */
function limitRinging({ call, at }: Step): void {
  const since = operatorLegs(call)
    .filter(({ state }) => state === 'ringing')
    .map(({ assignedAt }) => assignedAt);
  if (since.length === 0) delete call.timers.ring;
  // Of a timer that comes late the time is over already.
  else call.timers.ring = Math.max(at + 1, Math.min(...since) + call.timing.operatorRing);
}

export function operatorEntered(step: Step, channelId: string): void {
  const { call } = step;
  const answered = operatorLegs(call).find((leg) => leg.channelId === channelId);
  if (answered?.state !== 'ringing') return;
  answered.state = 'entered';
  call.counters.unrung = 0;
  stopRinging(step, channelId);
  call.operator = answered;
  withdrawBackupCentre(step);
  tell(step, 'operator.answered', { operatorId: answered.operatorId });
  joinCaller(step);
  join(step, answered.channelId);
}

/** Phones that have rung for as long as they may. */
export function operatorRangOut(step: Step): void {
  const { call } = step;
  for (const leg of operatorLegs(call)) {
    if (leg.state !== 'ringing' || step.at < leg.assignedAt + call.timing.operatorRing) continue;
    hangUp(step, leg.channelId, 'no-answer');
    notRung(step, leg);
    operatorGone(step, leg.channelId, 19);
  }
  limitRinging(step);
}

/** Counts an operator whose phone was to ring, and was not heard to. */
export function notRung({ call }: Step, { ringingAt }: OperatorLeg): void {
  if (ringingAt === null) call.counters.unrung += 1;
}

/** An operator's phone is out of the call: refused, not answered, hung up, or vanished. */
export function operatorGone(step: Step, channelId: string, cause: number): void {
  const { call } = step;
  const leg = operatorLegs(call).find((one) => one.channelId === channelId);
  if (leg === undefined) return;
  const { operatorId } = leg;
  call.others = call.others.filter((one) => one !== leg);
  if (call.operator === leg) call.operator = leg.state === 'ringing' ? (call.others.shift() ?? null) : null;
  limitRinging(step);

  if (leg.state === 'ringing') {
    const outcome = outcomeOfCause(cause);
    report(step, leg, outcome);
    tell(step, 'operator.not-reached', { operatorId, reason: outcome, cause });
    if (call.operator !== null || speakers(call).length > 0) return;
    if (call.counters.unrung >= unrungLimit) giveBack(step, 'no phone could be rung', true);
    else backToLine(step);
    return;
  }

  const hungUp = isHangUp(cause);
  report(step, leg, hungUp ? 'finished' : 'lost');
  tell(step, hungUp ? 'operator.left' : 'operator.lost', { operatorId, cause });
  // Whose phone held the call did not say good-bye: his caller listens to music.
  const spoke = leg.state === 'joined' && call.caller.joined && call.phoneHold === null;
  const spokeAlone = spoke && company(call).length === 0;
  if (hungUp && spokeAlone && !expectsAgency(call) && !expectsParty(call)) endCall(step, 'the operator hung up');
}
