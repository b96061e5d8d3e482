// How a call ends, is given back to the dialplan, or is taken up again. It alone sets outcome and end.

import type { Call } from './call.ts';
import { isTalking, speakers } from './company.ts';
import { decideDispatch } from '../dispatch/decide.ts';
import { applyDispatchStep, contextOf } from './apply-dispatch.ts';
import { backToLine, destroyReplaced, leaveLine, stopRinging } from './line.ts';
import { hangUp, hushQuestion, report, silence, type Step, tell } from './step.ts';
import { endMonitors } from './decide-monitor-end.ts';
import { bargingLegs } from './monitor.ts';
import { connectionLost } from '../triage/callback.ts';
import { endParties } from './decide-party-end.ts';
import { forgetOperator } from './decide-hold.ts';

/** The caller has hung up, or his channel is gone. */
export function callerGone(step: Step, cause: number): void {
  const { call } = step;
  if (!call.caller.live) return;
  call.caller = { ...call.caller, live: false, joined: false, sound: null };
  delete call.timers.left;
  if (call.endedAt !== null) return;
  tell(step, 'caller.hung-up', { cause });
  stopWaiting(step);
  for (const dispatch of call.dispatches.filter((one) => one.state !== 'joined')) {
    applyDispatchStep(
      step,
      decideDispatch(dispatch, { type: 'cancel', at: step.at, reason: 'call-ended' }, contextOf(call)),
    );
  }
}

/**
 * The caller's channel left the application: a hang-up follows at once, or somebody sent it to the dialplan. Asterisk
 * says so (`seen`), or a command was refused as if, even as if he did not exist; the latter counts for nothing while he
 * talks to somebody. Without word of a hang-up he is sent to the dialplan: were he gone, that would be refused as well.
 */
export function callerLeft(step: Step, seen: boolean): void {
  const { call } = step;
  if (!call.caller.live) return;
  if (seen) call.caller.left = true;
  else if (isTalking(call)) return;
  if (call.endedAt !== null) return;
  call.timers.left ??= step.at + 1_000;
}

/** With the caller gone, two who talk to each other may go on; one alone is hung up. */
export function endIfDeserted(step: Step): void {
  const { call } = step;
  if (call.caller.live || call.endedAt !== null) return;
  // A supervisor is there for the caller's sake: he and the operator alone do not keep the call.
  if (speakers(call).length - bargingLegs(call.monitors, 'joined').length >= 2) return;
  endCall(step, 'the caller hung up');
}

/** Ends the call for everybody in it. */
export function endCall(step: Step, reason: string): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  if (call.caller.live) {
    silence(step);
    hangUp(step, call.channelId);
  }
  close(step, call.firstTalkAt !== null ? 'answered' : 'abandoned', reason);
  tell(step, 'call.ended', { outcome: call.outcome, reason });
}

/** Asterisk was lost, and with it every leg: the caller did not hang up, and wants to be called back. */
export function cutOff(step: Step): void {
  const { call } = step;
  if (call.endedAt !== null || !call.caller.live) return;
  call.caller = { ...call.caller, live: false, joined: false, sound: null };
  delete call.timers.left;
  endCall(step, connectionLost);
}

/** Where a caller went whom his controller lost and who was not there when the next one looked, only Asterisk's log can tell. */
export const goneUnseen = 'the caller had gone before another controller took the call';

/** He was with nobody when his controller died, and is not there any more. */
export function wentUnseen(step: Step): void {
  const { call } = step;
  if (!call.caller.live || call.firstTalkAt !== null) return;
  callerGone(step, 0);
  endCall(step, goneUnseen);
}

/** Gives the caller to the human path of the dialplan, where phones ring without us. */
export function giveBack(step: Step, reason: string, send: boolean): void {
  const { call } = step;
  if (call.endedAt !== null || !call.caller.live) return;
  if (send) {
    silence(step);
    hushQuestion(step);
    step.effects.push({ do: 'return-to-dialplan', channelId: call.channelId });
  }
  call.caller.sound = null;
  call.caller.joined = false;
  call.counters.returned += 1;
  close(step, 'returned', reason);
  tell(step, 'call.returned', { reason });
}

/** Takes up again what was given back. */
export function reopen(step: Step): void {
  const { call } = step;
  call.outcome = null;
  call.reason = null;
  call.endedAt = null;
  call.caller = { live: true, joined: false, left: false, sound: null };
  call.counters.rebuilt = 0;
  call.counters.unrung = 0;
  backToLine(step);
}

function close(step: Step, outcome: 'answered' | 'abandoned' | 'returned', reason: string): void {
  const { call } = step;
  stopWaiting(step);
  endMonitors(step, 'the call has ended');
  if (call.operator !== null) {
    const { operator } = call;
    call.operator = null;
    hangUp(step, operator.channelId);
    report(step, operator, 'finished');
  }
  endParties(step);
  forgetOperator(call);
  call.hold = null;
  for (const dispatch of call.dispatches) {
    applyDispatchStep(
      step,
      decideDispatch(dispatch, { type: 'cancel', at: step.at, reason: 'call-ended' }, contextOf(call)),
    );
  }
  if (call.bridge !== null) {
    destroyReplaced(step);
    step.effects.push({ do: 'destroy-bridge', bridgeId: call.bridge.id });
    call.bridge = null;
  }
  call.timers = limitsOfMessages(call);
  call.joining = [];
  call.endedAt = step.at;
  call.outcome = outcome;
  call.reason = reason;
}

/** A message goes on after the call, and so does its limit: somebody else may have to be told in the agency's place. */
function limitsOfMessages({ dispatches, timers }: Call): Call['timers'] {
  const kept: Call['timers'] = {};
  for (const { id, endedAt } of dispatches) {
    const limit = timers[`dispatch:${id}`];
    if (endedAt === null && limit !== undefined) kept[`dispatch:${id}`] = limit;
  }
  return kept;
}

/** Off the line, and the phone that rings for this caller falls silent. */
function stopWaiting(step: Step): void {
  const { call } = step;
  leaveLine(step);
  stopRinging(step);
  if (call.operator?.state === 'entered') {
    const { operator } = call;
    call.operator = null;
    hangUp(step, operator.channelId);
    report(step, operator, 'not-needed');
  }
}
