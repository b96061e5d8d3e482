// The operator leaves the caller to others who speak with him, and comes back. The caller and the bridge stay as they are.

import type { Call } from './call.ts';
import { speakers } from './company.ts';
import type { CallInput } from './call-input.ts';
import { operatorLeaves } from './decide-hold.ts';
import { ringOperator } from './decide-operator.ts';
import { refuse, tell, type Step } from './step.ts';

/** An answer of the line that has not come by then comes no more, in milliseconds. */
const reservedWithin = 2_000;

/** Why the operator may not leave the caller to the others; null if he may. */
export function whyNoLeave(call: Call): string | null {
  if (call.endedAt !== null || !call.caller.live) return 'the call has ended';
  const { operator } = call;
  if (operator?.state !== 'joined') return 'no operator talks with the caller';
  const others = speakers(call).filter((channelId) => channelId !== operator.channelId);
  return others.length > 0 ? null : 'nobody else can speak with the caller';
}

/** The operator leaves; the others talk on with the caller. */
export function leave(step: Step, by: string): void {
  const reason = whyNoLeave(step.call);
  if (reason !== null) return refuse(step, 'leave.refused', { reason, by });
  operatorLeaves(step, { by });
}

/** Why no operator is rung for who talks with others; null if one may be. */
export function whyNoReturn(call: Call, at: number): string | null {
  if (call.endedAt !== null || !call.caller.live) return 'the call has ended';
  if (call.operator !== null) return 'an operator is on the call, or is rung for it';
  if (call.line !== null || speakers(call).length === 0) return 'the caller waits for an operator already';
  const asked = call.returning !== null && at < call.returning.at + reservedWithin;
  return asked ? 'somebody is on his way back already' : null;
}

/** Somebody wants to be the call's operator again, whom an agency talks with meanwhile. */
export function askReturn(step: Step, input: Extract<CallInput, { type: 'return' }>): void {
  const { call } = step;
  const { requestId, operatorId, by } = input;
  const reason = whyNoReturn(call, step.at);
  if (reason !== null) return tell(step, 'return.refused', { operatorId, reason, by });
  call.returning = { requestId, operatorId, at: step.at };
  tell(step, 'operator.returning', { operatorId, by });
  step.effects.push({ do: 'reserve-operator', requestId, target: { operatorId }, evenPaused: true });
}

/**
 * The line has reserved him.
 * @returns false if it was not for this, or nobody waits for him any more.
 */
export function returnReserved(step: Step, input: Extract<CallInput, { type: 'operator-reserved' }>): boolean {
  const { call } = step;
  if (call.returning?.requestId !== input.requestId || call.settled.includes(input.assignmentId)) return false;
  call.returning = null;
  if (whyNoReturn(call, step.at) !== null) return false;
  ringOperator(step, input, { what: 'return', operatorId: null });
  return true;
}

/** The line has nobody for this request. */
export function returnNotReserved(step: Step, requestId: string, reason: string): void {
  const { call } = step;
  if (call.returning?.requestId !== requestId) return;
  const { operatorId } = call.returning;
  call.returning = null;
  tell(step, 'return.refused', { operatorId, reason, by: null });
}
