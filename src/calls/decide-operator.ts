import { hasPending } from './apply-dispatch.ts';
import { speakers } from './call.ts';
import { prepareScreen } from './decide-caller.ts';
import { endCall, giveBack } from './decide-end.ts';
import { expectsParty } from './decide-party-end.ts';
import { backToLine, join, joinCaller } from './line.ts';
import { hangUp, report, tell, type Step } from './step.ts';

/** After so many phones in a row that did not ring, the human path has the better chance: it rings them by itself. */
const unrungLimit = 3;

export function operatorAssigned(
  step: Step,
  input: { assignmentId: string; operatorId: string; account: string },
): void {
  const { call } = step;
  if ([call.operator, ...call.parties].some((one) => one?.assignmentId === input.assignmentId)) return;
  const { operatorId, assignmentId } = input;
  // One that was settled already is a late double. It is answered, should the line think that he rings.
  const wanted = call.endedAt === null && call.caller.live && call.line !== null && call.operator === null;
  if (!wanted || call.settled.includes(assignmentId)) return report(step, input, 'not-needed');
  call.line = null;
  delete call.timers.line;
  delete call.timers.comfort;
  call.counters.leg += 1;
  const channelId = `${call.id}.o${call.counters.leg}`;
  call.operator = {
    operatorId,
    assignmentId,
    channelId,
    assignedAt: step.at,
    state: 'ringing',
    ringingAt: null,
    talkingAt: null,
  };
  call.timers.ring = step.at + call.timing.operatorRing;
  tell(step, 'operator.assigned', { operatorId });
  step.effects.push({
    do: 'ring-operator',
    channelId,
    account: input.account,
    callerNumber: call.origin.callerNumber,
    callerName: call.origin.callerName,
    ring: call.timing.operatorRing + 5_000,
    callerChannelId: call.channelId,
  });
  prepareScreen(step);
}

export function operatorEntered(step: Step): void {
  const { call } = step;
  const { operator } = call;
  if (operator?.state !== 'ringing') return;
  operator.state = 'entered';
  call.counters.unrung = 0;
  delete call.timers.ring;
  tell(step, 'operator.answered', { operatorId: operator.operatorId });
  joinCaller(step);
  join(step, operator.channelId);
}

/** The phone has rung for as long as it may. */
export function operatorRangOut(step: Step): void {
  const { operator } = step.call;
  if (operator?.state !== 'ringing') return;
  hangUp(step, operator.channelId, 'no-answer');
  notRung(step);
  operatorGone(step, 19);
}

/** Counts an operator whose phone was to ring, and was not heard to. */
export function notRung(step: Step): void {
  const { operator, counters } = step.call;
  if (operator?.ringingAt === null) counters.unrung += 1;
}

/** The operator's phone is out of the call: refused, not answered, hung up, or vanished. */
export function operatorGone(step: Step, cause: number): void {
  const { call } = step;
  const { operator } = call;
  if (operator === null) return;
  const { operatorId } = operator;
  call.operator = null;
  delete call.timers.ring;

  if (operator.state === 'ringing') {
    const outcome = cause === 17 ? 'busy' : cause === 18 || cause === 19 ? 'no-answer' : 'failed';
    report(step, operator, outcome);
    tell(step, 'operator.not-reached', { operatorId, reason: outcome, cause });
    if (speakers(call).length > 0) return;
    if (call.counters.unrung >= unrungLimit) giveBack(step, 'no phone could be rung', true);
    else backToLine(step);
    return;
  }

  // 16 is a BYE; anything else is a phone or a network that failed in mid-call.
  const hungUp = cause === 16;
  report(step, operator, hungUp ? 'finished' : 'lost');
  tell(step, hungUp ? 'operator.left' : 'operator.lost', { operatorId, cause });
  const spokeAlone = operator.state === 'joined' && call.caller.joined && speakers(call).length === 0;
  if (hungUp && spokeAlone && !hasPending(call) && !expectsParty(call)) endCall(step, 'the operator hung up');
}
