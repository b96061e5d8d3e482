import type { Call } from './call.ts';
import type { Fact } from './call-effect.ts';
import { company, isTalking } from './company.ts';
import { joinCaller } from './line.ts';
import { hangUp, hushQuestion, musicToCaller, refuse, report, tell, type Step } from './step.ts';

/** Why the caller may not be put on hold now; null if he may. */
export function whyNoHold(call: Call): string | null {
  if (call.endedAt !== null || !call.caller.live) return 'the call has ended';
  if (call.hold !== null) return 'the caller is on hold already';
  return call.operator?.state === 'joined' && isTalking(call) ? null : 'nobody talks with the caller';
}

/** The operator puts the caller on hold; false, with the reason told, if that cannot be done. */
export function hold(step: Step, by: string): boolean {
  const reason = whyNoHold(step.call);
  if (reason === null) beginHold(step, 'operator', by);
  else refuse(step, 'hold.refused', { reason, by });
  return reason === null;
}

/** The caller leaves the bridge and hears music; who talks in it is not heard by him. His own voice is recorded on. */
export function beginHold(step: Step, because: 'operator' | 'consult', by: string): void {
  const { call } = step;
  if (call.hold === null) {
    hushQuestion(step);
    call.caller.joined = false;
    call.joining = call.joining.filter((channelId) => channelId !== call.channelId);
    if (call.bridge !== null) {
      step.effects.push({ do: 'leave-bridge', bridgeId: call.bridge.id, channelId: call.channelId });
    }
    musicToCaller(step);
  }
  call.hold = { since: call.hold?.since ?? step.at, because, by };
  limitHold(step);
  call.timers.comfort = step.at + call.timing.comfort;
  tell(step, 'caller.held', { because, by });
}

/** From now on the caller is on hold for no longer than this. */
export function limitHold(step: Step): void {
  step.call.timers.hold = step.at + step.call.timing.hold;
}

/** The operator takes the caller back; whom he consulted is let go. */
export function resume(step: Step, by: string): void {
  if (step.call.hold === null) return refuse(step, 'resume.refused', { reason: 'the caller is not on hold', by });
  endHold(step, 'resumed', by);
}

/** The caller was on hold for as long as he may be. */
export function holdTimedOut(step: Step): void {
  endHold(step, 'time-limit', null);
}

/** The caller comes back to those who are in the bridge. */
export function endHold(step: Step, reason: string, by: string | null): void {
  const { call } = step;
  if (call.hold === null) return;
  const milliseconds = step.at - call.hold.since;
  call.hold = null;
  delete call.timers.hold;
  if (call.line === null) delete call.timers.comfort;
  tell(step, 'caller.resumed', { reason, by, milliseconds });
  if (call.caller.live && company(call).length > 0) joinCaller(step);
}

/** The caller could not be taken out of the bridge: he is with his operator as before, and nobody speaks in private. */
export function holdFailed(step: Step): void {
  const { call } = step;
  if (call.hold === null) return;
  call.joining = call.joining.filter((channelId) => channelId !== call.channelId);
  const { by } = call.hold;
  endHold(step, 'failed', null);
  refuse(step, 'hold.refused', { reason: 'the caller could not be taken out of the conversation', by });
}

/** Whether the others hear the operator. His keys are heard all the same. */
export function mute(step: Step, muted: boolean, by: string): void {
  const { call } = step;
  const { operator } = call;
  if (operator?.state !== 'joined') return refuse(step, 'mute.refused', { reason: 'nobody talks with the caller', by });
  if (call.muted === muted) return;
  call.muted = muted;
  step.effects.push({ do: muted ? 'mute' : 'unmute', channelId: operator.channelId });
  tell(step, muted ? 'operator.muted' : 'operator.unmuted', { operatorId: operator.operatorId, by });
}

/** Asterisk did not mute the operator, or did not let him speak again: he is as he was before. */
export function muteFailed(step: Step, channelId: string, wanted: boolean): void {
  const { call } = step;
  if (channelId !== call.operator?.channelId || call.muted !== wanted) return;
  call.muted = !wanted;
  refuse(step, 'mute.refused', { reason: 'it could not be done', by: call.operator.operatorId });
}

/** What was the operator's goes with him. */
export function forgetOperator(call: Call): void {
  call.muted = false;
  call.phoneHold = null;
  call.typed = '';
  delete call.timers['phone-hold'];
  delete call.timers.typed;
}

/** Out of the call: his phone is hung up, and what was his goes with him. */
export function operatorLeaves(step: Step, detail: Fact['detail']): void {
  const { call } = step;
  const { operator } = call;
  if (operator === null) return;
  const { operatorId, channelId } = operator;
  call.operator = null;
  call.joining = call.joining.filter((one) => one !== channelId);
  forgetOperator(call);
  hangUp(step, channelId);
  report(step, operator, 'finished');
  tell(step, 'operator.left', { operatorId, cause: 16, ...detail });
}
