// What follows when an agency has accepted: the operator who asked for it is brought to its person; if nobody is there to talk
// with, the announcement was the message.

import { outcomeOfCause, isHangUp } from '../../asterisk/cause.ts';
import type { ReservationOutcome } from '../../outgoing/outgoing.ts';
import { currentAttempt, type Dispatch } from '../dispatch.ts';
import { acceptedLeg, hangUp, sayAgain, tell, timerOf, toDispatch, type WithoutCallStep } from './decide-step.ts';

export function accepted(step: WithoutCallStep, dispatch: Dispatch, channelId: string): void {
  const { state, effects, at } = step;
  const { operator } = state;
  if (operator?.state !== 'planned') return tellByAnnouncement(step, dispatch.id, channelId);
  operator.state = 'reserving';
  state.timers['operator'] = at + state.timing.reserve;
  // Until he is there nothing but his phone decides.
  Reflect.deleteProperty(state.timers, timerOf(dispatch.id));
  effects.push({ do: 'ring-tone', channelId }, { do: 'reserve', operatorId: operator.operatorId });
}

/** Nobody is there to talk with: the agency hears what it is about, as often as it wants, and has been told. */
function tellByAnnouncement(step: WithoutCallStep, dispatchId: string, channelId: string): void {
  const { state, at } = step;
  state.told.push(dispatchId);
  state.timers[timerOf(dispatchId)] = at + state.timing.told;
  sayAgain(step, channelId);
  tell(step, 'dispatch.told', { dispatchId, agencyId: agencyOf(step, dispatchId) });
}

/** The agency's person has accepted, and is off the line before or without a talk. */
export function leaveTold(step: WithoutCallStep, dispatchId: string, reason: string): void {
  const { state, at } = step;
  const dispatch = state.dispatches.find(({ id }) => id === dispatchId);
  if (dispatch === undefined || dispatch.endedAt !== null) return;
  const attempt = currentAttempt(dispatch);
  if (attempt !== undefined) {
    attempt.endedAt = at;
    attempt.outcome = 'accepted';
  }
  dispatch.state = 'left';
  dispatch.outcome = 'told';
  dispatch.endedAt = at;
  Reflect.deleteProperty(state.timers, timerOf(dispatchId));
  tell(step, 'dispatch.left', { dispatchId, agencyId: dispatch.agencyId, outcome: 'told', reason });
}

/** The line has found the operator: his phone rings. */
export function reserved(
  step: WithoutCallStep,
  input: { operatorId: string; assignmentId: string; account: string },
): void {
  const { state, effects, at } = step;
  const { operator } = state;
  const { operatorId, assignmentId, account } = input;
  if (operator?.assignment?.assignmentId === assignmentId) return;
  if (operator?.state !== 'reserving' || acceptedLeg(state) === undefined) {
    effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome: 'not-needed' });
    return;
  }
  operator.assignment = { assignmentId, account };
  operator.state = 'ringing';
  state.timers['operator'] = at + state.timing.operatorRing;
  const { channelId } = operator;
  effects.push({
    do: 'ring-operator',
    channelId,
    account,
    shownNumber: state.callerNumber,
    ring: state.timing.operatorRing,
  });
  tell(step, 'dispatch.ringing-operator', { operatorId, ...namesOf(step) });
}

/** The operator has taken his phone: he and the agency's person get each other. */
export function operatorEntered(step: WithoutCallStep): void {
  const { state, effects, at } = step;
  const { operator } = state;
  const agency = acceptedLeg(state);
  if (operator?.state !== 'ringing' || agency === undefined) return;
  operator.state = 'entered';
  const bridgeId = `${state.id}.b1`;
  state.bridgeId = bridgeId;
  state.timers['operator'] = at + state.timing.talk;
  const { channelId } = agency.attempt;
  effects.push({ do: 'stop-ring-tone', channelId }, { do: 'make-bridge', bridgeId });
  for (const one of [operator.channelId, channelId]) effects.push({ do: 'join', bridgeId, channelId: one });
  report(step, 'talking');
}

/** He cannot be had, or not any more: then the announcement has to do. */
export function operatorMissing(step: WithoutCallStep, reason: string, freed: ReservationOutcome): void {
  const { state, effects } = step;
  const { operator } = state;
  if (operator === null || operator.state === 'gone' || operator.state === 'planned') return;
  releaseOperator(step, freed);
  tell(step, 'dispatch.operator-missing', { operatorId: operator.operatorId, reason, ...namesOf(step) });
  const agency = acceptedLeg(state);
  if (agency === undefined) return;
  const { dispatch, attempt } = agency;
  effects.push({ do: 'stop-ring-tone', channelId: attempt.channelId });
  // In the bridge it may be already, with nobody.
  dispatch.state = 'accepted';
  dispatch.joinedAt = null;
  tellByAnnouncement(step, dispatch.id, attempt.channelId);
}

/** His phone is out of it. */
export function operatorGone(step: WithoutCallStep, cause: number): void {
  const { state, at } = step;
  const { operator } = state;
  if (operator === null || operator.state === 'gone' || operator.state === 'planned') return;
  if (operator.state !== 'entered') {
    const outcome = outcomeOfCause(cause);
    operator.state = 'ringing';
    return operatorMissing(step, `the operator's phone: ${outcome}`, outcome);
  }
  releaseOperator(step, isHangUp(cause) ? 'finished' : 'lost');
  const agency = acceptedLeg(state);
  if (agency === undefined) return;
  const { dispatch, attempt } = agency;
  if (dispatch.state === 'joined') return toDispatch(step, dispatch.id, { type: 'cancel', at, reason: 'call-ended' });
  hangUp(step, attempt.channelId);
  leaveTold(step, dispatch.id, 'the operator hung up');
}

/** Hangs up his phone, whatever it does, and says how it went. */
export function releaseOperator(step: WithoutCallStep, outcome: ReservationOutcome): void {
  const { state, effects } = step;
  const { operator } = state;
  if (operator === null || operator.state === 'gone') return;
  if (operator.state === 'ringing' || operator.state === 'entered') {
    effects.push({ do: 'hang-up', channelId: operator.channelId });
  }
  operator.state = 'gone';
  Reflect.deleteProperty(state.timers, 'operator');
  report(step, outcome);
}

function report({ state, effects }: WithoutCallStep, outcome: ReservationOutcome): void {
  const { operator } = state;
  if (operator?.assignment == null) return;
  const { operatorId, assignment } = operator;
  effects.push({ do: 'operator-outcome', operatorId, assignmentId: assignment.assignmentId, outcome });
}

function namesOf({ state }: WithoutCallStep): { dispatchId: string | null; agencyId: string | null } {
  const dispatch = acceptedLeg(state)?.dispatch ?? state.dispatches[0];
  return { dispatchId: dispatch?.id ?? null, agencyId: dispatch?.agencyId ?? null };
}

function agencyOf({ state }: WithoutCallStep, dispatchId: string): string | null {
  return state.dispatches.find(({ id }) => id === dispatchId)?.agencyId ?? null;
}
