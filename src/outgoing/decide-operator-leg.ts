import { isHangUp, outcomeOfCause } from '../asterisk/cause.ts';
import { ringOutside } from './decide-outside-leg.ts';
import { close, end, finish, type Step } from './step.ts';

/** The line has found an operator: his phone is rung, or, where he dialled on it, the other side at once. */
export function reserved(step: Step, input: { operatorId: string; assignmentId: string; account: string }): void {
  const { call, effects } = step;
  const { operatorId, assignmentId, account } = input;
  if (call.assignment?.assignmentId === assignmentId) return;
  if (call.stage !== 'reserving' || call.assignment !== null) {
    effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome: 'not-needed' });
    return;
  }
  call.operatorId = operatorId;
  call.assignment = { assignmentId, account };
  delete call.timers.reserve;
  if (call.operator.dialled) return ringOutside(step);
  call.stage = 'ringing-operator';
  call.operator.state = 'ringing';
  call.timers.operator = step.at + call.timing.operatorRing;
  const { channelId } = call.operator;
  effects.push({ do: 'ring-operator', channelId, account, shownNumber: call.number, ring: call.timing.operatorRing });
}

/** The line has nobody. */
export function noReservation(step: Step, reason: string): void {
  if (step.call.stage === 'reserving') close(step, 'no-operator', reason, 'code-refused');
}

/** The operator has taken his phone: now the other side is rung. */
export function operatorEntered(step: Step): void {
  const { call } = step;
  if (call.stage !== 'ringing-operator') return;
  call.operator.state = 'entered';
  delete call.timers.operator;
  ringOutside(step);
}

/** The operator's phone is out of it: then so is the call. */
export function operatorGone(step: Step, cause: number): void {
  const { call } = step;
  const { state } = call.operator;
  if (state === 'gone' || state === 'planned') return;
  call.operator.state = 'gone';
  if (call.stage === 'closing') return finish(step);
  if (state === 'ringing') {
    const outcome = outcomeOfCause(cause);
    return end(step, 'no-operator', `the operator's phone: ${outcome}`, outcome);
  }
  const hungUp = isHangUp(cause);
  const reason = hungUp ? 'the operator hung up' : "the operator's phone was lost";
  end(step, call.answeredAt === null ? 'cancelled' : 'answered', reason, hungUp ? 'finished' : 'lost');
}
