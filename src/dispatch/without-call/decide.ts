import { plainCopy } from '../../platform/plain-copy.ts';
import { awaitsMessage, currentAttempt, type Dispatch } from '../dispatch.ts';
import type { DispatchInput } from '../step.ts';
import {
  acceptedLeg,
  dispatchOfChannel,
  hangUp,
  sayAgain,
  startDue,
  tell,
  timerOf,
  toDispatch,
  type WithoutCallStep,
} from './decide-step.ts';
import {
  accepted,
  leaveTold,
  operatorEntered,
  operatorGone,
  operatorMissing,
  releaseOperator,
  reserved,
} from './decide-talk.ts';
import type { WithoutCall, WithoutCallEffect, WithoutCallFact, WithoutCallInput } from './without-call.ts';

export interface WithoutCallDecision {
  state: WithoutCall;
  effects: WithoutCallEffect[];
  facts: WithoutCallFact[];
}

/** Pressed by an agency's person who has accepted and wants to hear it again. */
const repeatKey = '2';

/**
 * Decides what dispatches without a call do with one input: agencies are rung as in a call; who accepts is connected with the
 * operator who asked, or has been told by the announcement. Pure; the state handed in is not changed.
 */
export function decideWithoutCall(before: WithoutCall, input: WithoutCallInput): WithoutCallDecision {
  const step: WithoutCallStep = { state: plainCopy(before), effects: [], facts: [], at: input.at, accepted };
  if (before.endedAt === null) {
    take(step, input);
    finishIfOver(step);
  } else {
    afterTheEnd(step, input);
  }
  const { state, effects, facts } = step;
  return { state, effects, facts };
}

function take(step: WithoutCallStep, input: WithoutCallInput): void {
  switch (input.type) {
    case 'begin':
      return begin(step);
    case 'resumed':
      return resumed(step);
    case 'ring-result':
      return toOwner(step, input.attemptId, input);
    case 'followed':
      return followed(step, input.channelId, input.there);
    case 'leg-ringing':
      if (input.channelId !== step.state.operator?.channelId) toOwner(step, input.channelId, input);
      return;
    case 'leg-entered':
      return entered(step, input.channelId);
    case 'leg-joined':
      return joined(step, input.channelId);
    case 'leg-gone':
      return gone(step, input.channelId, input.cause);
    case 'key-pressed':
      return keyPressed(step, input.channelId, input.key);
    case 'reserved':
      return reserved(step, input);
    case 'reservation-refused':
      if (step.state.operator?.state === 'reserving') operatorMissing(step, input.reason, 'not-needed');
      return;
    case 'command-failed':
      return commandFailed(step, input.command, input.target);
    case 'notified': {
      const { dispatchId, at, outcome, reason } = input;
      return toDispatch(step, dispatchId, { type: 'notified', at, outcome, reason });
    }
    case 'cancel':
      return cancel(step, input.dispatchId, input.by);
    case 'timer':
      return timeUp(step, input.name);
  }
}

function begin(step: WithoutCallStep): void {
  const { state, effects } = step;
  if (state.begun) return;
  state.begun = true;
  if (state.tell !== null) effects.push({ do: 'tell', told: state.tell });
  startDue(step);
}

/** Its owner has died: what he has rung is listened to, what he was about to do is done. */
function resumed(step: WithoutCallStep): void {
  const { state, effects } = step;
  if (!state.begun) return begin(step);
  for (const dispatch of state.dispatches) {
    const attempt = currentAttempt(dispatch);
    if (attempt !== undefined) effects.push({ do: 'follow', channelId: attempt.channelId });
    // Whether it was ever passed on, nobody knows; told twice, it is sent once.
    if (awaitsMessage(dispatch)) {
      effects.push({ do: 'notify-agency', dispatchId: dispatch.id, agencyId: dispatch.agencyId });
    }
  }
  const { operator } = state;
  if (operator?.state === 'reserving') effects.push({ do: 'reserve', operatorId: operator.operatorId });
  if (operator?.state === 'ringing' || operator?.state === 'entered') {
    effects.push({ do: 'follow', channelId: operator.channelId });
  }
  startDue(step);
}

function followed(step: WithoutCallStep, channelId: string, there: boolean): void {
  const { state, at } = step;
  if (channelId === state.operator?.channelId) {
    if (!there) operatorGone(step, 0);
    return;
  }
  const attempt = state.dispatches.map(currentAttempt).find((one) => one?.channelId === channelId);
  if (attempt === undefined) return;
  const unheard = attempt.takenAt === null && attempt.ringingAt === null && attempt.answeredAt === null;
  if (there && unheard)
    toOwner(step, channelId, { type: 'ring-result', at, attemptId: channelId, ring: { result: 'taken' } });
  if (there) return;
  // Of a job that nobody has heard of since the same trunk is rung once more.
  if (unheard) toOwner(step, channelId, { type: 'ring-result', at, attemptId: channelId, ring: { result: 'expired' } });
  else gone(step, channelId, 0);
}

function entered(step: WithoutCallStep, channelId: string): void {
  const { operator } = step.state;
  if (channelId !== operator?.channelId)
    return toOwner(step, channelId, { type: 'leg-entered', at: step.at, channelId });
  if (operator.state === 'gone') hangUp(step, channelId);
  else operatorEntered(step);
}

/** With nobody whom it could talk with an agency has not come together with anybody, whatever Asterisk has done by now. */
function joined(step: WithoutCallStep, channelId: string): void {
  const { operator } = step.state;
  if (operator?.state !== 'entered' || channelId === operator.channelId) return;
  toOwner(step, channelId, { type: 'leg-joined', at: step.at, channelId });
}

function gone(step: WithoutCallStep, channelId: string, cause: number): void {
  const { state, at } = step;
  if (channelId === state.operator?.channelId) return operatorGone(step, cause);
  const dispatch = dispatchOfChannel(state, channelId);
  if (dispatch === undefined) return;
  if (isCurrent(dispatch, channelId) && dispatch.state === 'accepted') {
    const was = state.told.includes(dispatch.id) ? 'told' : 'hung up before the operator was there';
    leaveTold(step, dispatch.id, was);
  } else {
    toDispatch(step, dispatch.id, { type: 'leg-gone', at, channelId, cause });
  }
}

function keyPressed(step: WithoutCallStep, channelId: string, key: string): void {
  const { state, at } = step;
  const dispatch = dispatchOfChannel(state, channelId);
  if (dispatch === undefined || !isCurrent(dispatch, channelId)) return;
  if (key === repeatKey && state.told.includes(dispatch.id)) sayAgain(step, channelId);
  else toDispatch(step, dispatch.id, { type: 'key-pressed', at, channelId, key });
}

function isCurrent(dispatch: Dispatch, channelId: string): boolean {
  return currentAttempt(dispatch)?.channelId === channelId;
}

function cancel(step: WithoutCallStep, dispatchId: string, by: string): void {
  const dispatch = step.state.dispatches.find(({ id }) => id === dispatchId);
  if (dispatch === undefined || dispatch.endedAt !== null) return;
  tell(step, 'dispatch.cancel-requested', { dispatchId, by });
  toDispatch(step, dispatchId, { type: 'cancel', at: step.at, reason: 'cancelled' });
}

function timeUp(step: WithoutCallStep, name: string): void {
  const { state, at } = step;
  Reflect.deleteProperty(state.timers, name);
  if (name === 'operator') return operatorTimeUp(step);
  const dispatch = state.dispatches.find(({ id }) => timerOf(id) === name);
  if (dispatch === undefined) return;
  const attempt = currentAttempt(dispatch);
  if (dispatch.state !== 'accepted' || attempt === undefined) {
    return toDispatch(step, dispatch.id, { type: 'timer', at });
  }
  hangUp(step, attempt.channelId);
  leaveTold(step, dispatch.id, 'told');
}

function operatorTimeUp(step: WithoutCallStep): void {
  switch (step.state.operator?.state) {
    case 'reserving':
      return operatorMissing(step, 'the line did not answer', 'not-needed');
    case 'ringing':
      return operatorMissing(step, "the operator's phone: no-answer", 'no-answer');
    case 'entered':
      return operatorGone(step, 16);
    case 'planned':
    case 'gone':
    case undefined:
      return;
  }
}

function commandFailed(step: WithoutCallStep, command: WithoutCallEffect['do'], target: string): void {
  const { state } = step;
  if (command === 'ring-operator' && state.operator?.state === 'ringing') {
    // No answer to the request does not mean that nothing rings.
    operatorMissing(step, "the operator's phone: failed", 'failed');
  }
  const joining = command === 'join' || command === 'make-bridge';
  if (!joining || state.operator?.state !== 'entered') return;
  if (![state.bridgeId, state.operator.channelId, acceptedLeg(state)?.attempt.channelId].includes(target)) return;
  operatorMissing(step, `${command} failed`, 'finished');
}

/** The one whose leg it is, or was; what belongs to none rings for nobody. */
function toOwner(step: WithoutCallStep, channelId: string, input: DispatchInput): void {
  const dispatch = dispatchOfChannel(step.state, channelId);
  if (dispatch !== undefined) toDispatch(step, dispatch.id, input);
}

function finishIfOver(step: WithoutCallStep): void {
  const { state, effects, at } = step;
  if (!state.begun || state.dispatches.some(({ endedAt }) => endedAt === null)) return;
  if (state.operator !== null && state.operator.state !== 'planned') {
    releaseOperator(step, state.operator.state === 'entered' ? 'finished' : 'not-needed');
  }
  if (state.bridgeId !== null) effects.push({ do: 'destroy-bridge', bridgeId: state.bridgeId });
  state.timers = {};
  state.endedAt = at;
}

/** What comes late must not leave an operator reserved, nor anybody on the line. */
function afterTheEnd(step: WithoutCallStep, input: WithoutCallInput): void {
  const { state, effects } = step;
  if (input.type === 'reserved' && input.assignmentId !== state.operator?.assignment?.assignmentId) {
    const { operatorId, assignmentId } = input;
    effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome: 'not-needed' });
  }
  if (input.type === 'leg-entered' || input.type === 'leg-ringing') {
    effects.push({ do: 'hang-up', channelId: input.channelId });
  }
  if (input.type === 'ring-result' && input.ring.result === 'taken') {
    effects.push({ do: 'hang-up', channelId: input.attemptId });
  }
}
