import { speakers } from './call.ts';
import type { OperatorOutcome } from './call-effect.ts';
import { hasPending } from './apply-dispatch.ts';
import { endCall, endIfDeserted, giveBack } from './decide-end.ts';
import { alone, backToLine, bridgeOf, joinCaller, makeBridge } from './line.ts';
import { tell, type Step } from './step.ts';

/** After so many bridges that did not work, the human path has the better chance. */
const bridgeLimit = 3;

export function operatorAssigned(
  step: Step,
  input: { assignmentId: string; operatorId: string; account: string },
): void {
  const { call } = step;
  if (call.operator?.assignmentId === input.assignmentId) return;
  const { operatorId, assignmentId } = input;
  if (call.line === null || !call.caller.live || call.operator !== null || call.endedAt !== null) {
    step.effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome: 'not-needed' });
    return;
  }
  call.line = null;
  delete call.timers.line;
  call.counters.leg += 1;
  const channelId = `${call.id}.o${call.counters.leg}`;
  call.operator = { operatorId, assignmentId, channelId, assignedAt: step.at, state: 'ringing', ringingAt: null };
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
}

export function operatorEntered(step: Step): void {
  const { call } = step;
  const { operator } = call;
  if (operator?.state !== 'ringing') return;
  operator.state = 'entered';
  delete call.timers.ring;
  delete call.timers.comfort;
  tell(step, 'operator.answered', { operatorId: operator.operatorId });
  joinCaller(step);
  step.effects.push({ do: 'join', bridgeId: bridgeOf(call), channelId: operator.channelId, absorbKeys: true });
  call.timers.join = step.at + call.timing.join;
}

/** A channel of the call is in its bridge: with caller and operator both in, they talk. */
export function legJoined(step: Step, channelId: string): void {
  const { call } = step;
  const { operator } = call;
  if (channelId === call.channelId) call.caller.joined = call.caller.live;
  if (channelId === operator?.channelId && operator.state === 'entered') operator.state = 'joined';
  if (call.caller.joined && (operator === null || operator.state === 'ringing')) delete call.timers.join;
  if (operator?.state !== 'joined' || !call.caller.joined || call.timers.join === undefined) return;
  delete call.timers.join;
  call.firstTalkAt ??= step.at;
  const { operatorId, assignmentId } = operator;
  tell(step, 'operator.talking', { operatorId });
  step.effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome: 'talking' });
}

/** A join that nobody confirmed: everybody present moves to a fresh bridge. */
export function joinTimedOut(step: Step): void {
  const { call } = step;
  if (!call.caller.live || call.endedAt !== null) return;
  const operatorOutside = call.operator?.state === 'entered';
  const callerOutside = !call.caller.joined && (call.operator?.state === 'joined' || agencyChannels(call).length > 0);
  if (operatorOutside || callerOutside) rebuildBridge(step, 'a join was not confirmed');
}

/** Makes a fresh bridge and moves everybody there; after too many, the human path has the better chance. */
export function rebuildBridge(step: Step, reason: string): void {
  const { call } = step;
  if (!call.caller.live || call.endedAt !== null) return;
  call.counters.rebuilt += 1;
  if (call.counters.rebuilt >= bridgeLimit) return giveBack(step, reason, true);
  const old = call.bridge;
  makeBridge(step);
  tell(step, 'bridge.rebuilt', { reason });
  const agencies = agencyChannels(call);
  const operator = call.operator !== null && call.operator.state !== 'ringing' ? call.operator : null;
  if (operator !== null || agencies.length > 0) {
    call.caller.joined = false;
    joinCaller(step);
  }
  if (operator !== null) operator.state = 'entered';
  for (const channelId of operator === null ? agencies : [operator.channelId, ...agencies]) {
    step.effects.push({ do: 'join', bridgeId: bridgeOf(call), channelId, absorbKeys: true });
  }
  if (old !== null) step.effects.push({ do: 'destroy-bridge', bridgeId: old.id });
}

/** Agencies that took the call: in the bridge, or on the way into it. */
function agencyChannels(call: Step['call']): string[] {
  return call.dispatches
    .filter((dispatch) => dispatch.state === 'joined' || dispatch.state === 'accepted')
    .flatMap((dispatch) => dispatch.attempts.at(-1)?.channelId ?? []);
}

/** The operator's phone is out of the call: refused, not answered, hung up, or vanished. */
export function operatorGone(step: Step, cause: number): void {
  const { call } = step;
  const { operator } = call;
  if (operator === null) return;
  const { operatorId, assignmentId } = operator;
  call.operator = null;
  delete call.timers.ring;
  delete call.timers.join;
  const finish = (outcome: OperatorOutcome): void => {
    step.effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome });
  };

  if (operator.state === 'ringing') {
    const outcome = cause === 17 ? 'busy' : cause === 18 || cause === 19 ? 'no-answer' : 'failed';
    finish(outcome);
    tell(step, 'operator.not-reached', { operatorId, reason: outcome, cause });
    if (speakers(call).length === 0) backToLine(step);
    return;
  }

  // 16 is a BYE; anything else is a phone or a network that failed in mid-call.
  const hungUp = cause === 16;
  finish(hungUp ? 'finished' : 'lost');
  tell(step, hungUp ? 'operator.left' : 'operator.lost', { operatorId, cause });
  if (!call.caller.live) return endIfDeserted(step);
  if (speakers(call).length > 0) return;
  if (hungUp && operator.state === 'joined' && call.caller.joined && !hasPending(call)) {
    return endCall(step, 'the operator hung up');
  }
  alone(step);
}
