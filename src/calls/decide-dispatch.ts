// The agencies engaged for the call: hands each leg's input to its dispatch and does what comes back.

import { decideDispatch } from '../dispatch/decide.ts';
import type { DispatchInput } from '../dispatch/step.ts';
import { isPlanned, isSettled, type Dispatch } from '../dispatch/dispatch.ts';
import { changeIncident, type IncidentChange } from '../incidents/incident.ts';
import type { Decision } from '../routing/rule.ts';
import { applyDispatchStep, contextOf, dispatchOfChannel } from './apply-dispatch.ts';
import { speakers } from './company.ts';
import type { Fact } from './call-effect.ts';
import { leaveLine, stopRinging } from './line.ts';
import { hangUp, nextSoundId, report, tell, type Step } from './step.ts';

export function addDispatch(step: Step, dispatch: Dispatch): void {
  const { call } = step;
  const { id, agencyId } = dispatch;
  if (call.dispatches.some((one) => one.id === id)) return;
  if (call.endedAt !== null || (!call.caller.live && speakers(call).length === 0)) {
    tell(step, 'dispatch.refused', { dispatchId: id, agencyId, reason: 'the call has ended' });
    return;
  }
  const engaged = call.dispatches.find((one) => one.agencyId === agencyId && one.endedAt === null);
  if (engaged !== undefined) {
    tell(step, 'dispatch.refused', { dispatchId: id, agencyId, reason: `already engaged by ${engaged.id}` });
    return;
  }
  call.dispatches.push(dispatch);
  startDue(step);
  if (dispatch.after.length > 0 && call.dispatches.some((one) => one.id === id && isPlanned(one))) {
    tell(step, 'dispatch.planned', { dispatchId: id, agencyId });
  }
}

/** Starts what has waited for an earlier stage; a dispatch that was refused is waited for by nobody. */
function startDue(step: Step): void {
  const { call } = step;
  const settled = (id: string): boolean => call.dispatches.every((one) => one.id !== id || isSettled(one));
  const due = call.dispatches.find((one) => isPlanned(one) && one.after.every(settled));
  if (due !== undefined && call.endedAt === null) toDispatch(step, due, { type: 'start', at: step.at });
}

export function cancelDispatch(step: Step, dispatchId: string, by: string): void {
  const dispatch = step.call.dispatches.find((one) => one.id === dispatchId);
  if (dispatch === undefined || dispatch.endedAt !== null) return;
  tell(step, 'dispatch.cancel-requested', { dispatchId, by });
  toDispatch(step, dispatch, { type: 'cancel', at: step.at, reason: 'cancelled' });
}

export function changeTheIncident(
  step: Step,
  input: { change: IncidentChange; by: string; dispatches: Dispatch[]; decision?: Decision },
): void {
  const { call } = step;
  const { incident, changed } = changeIncident(call.incident, input.change, input.by, step.at);
  call.incident = incident;
  if (changed.length > 0) {
    const { kind, severity, status, disposition } = incident;
    tell(step, 'incident.changed', { by: input.by, changed: changed.join(','), kind, severity, status, disposition });
  }
  if (input.decision !== undefined) tell(step, 'routing.decided', summary(input.decision));
  for (const dispatch of input.dispatches) addDispatch(step, dispatch);
}

/** Hands an agency leg's input to its dispatch and does what comes back. */
export function agencyInput(step: Step, input: DispatchInput & { channelId: string }): void {
  const dispatch = dispatchOfChannel(step.call, input.channelId);
  if (dispatch !== undefined) toDispatch(step, dispatch, input);
}

export function wakeDispatch(step: Step, timer: string): void {
  const id = timer.startsWith('dispatch:') ? timer.slice('dispatch:'.length) : '';
  const dispatch = step.call.dispatches.find((one) => one.id === id);
  Reflect.deleteProperty(step.call.timers, `dispatch:${id}`);
  if (dispatch !== undefined) toDispatch(step, dispatch, { type: 'timer', at: step.at });
}

function toDispatch(step: Step, before: Dispatch, input: DispatchInput): void {
  const { call } = step;
  const result = decideDispatch(before, input, contextOf(call));
  applyDispatchStep(step, result);
  const { dispatch } = result;
  const ended = before.endedAt === null && dispatch.endedAt !== null;
  if (before.state !== 'joined' && dispatch.state === 'joined') agencyJoined(step, dispatch);
  if (ended && before.state !== 'joined') afterAgencyFailed(step, dispatch);
  startDue(step);
}

/** One line of the timeline; the whole trace stands in the journal and, with the incident, in PostgreSQL. */
function summary({ ruleSetVersion, actions, tell: told, trace }: Decision): Fact['detail'] {
  return {
    ruleSetVersion,
    rules: trace
      .filter((one) => one.matched)
      .map((one) => one.ruleId)
      .join(','),
    actions: actions.map((one) => `${one.agencyId}:${one.mode}`).join(','),
    tell: told.map((one) => one.recipientId).join(','),
  };
}

function agencyJoined(step: Step, dispatch: Dispatch): void {
  const { call } = step;
  leaveLine(step);
  const { operator } = call;
  if (operator === null) return;
  // While the agency's person talks to the caller nobody else need be rung; in a transfer the operator leaves.
  const { operatorId, channelId, state } = operator;
  if (state === 'ringing') return stopRinging(step);
  if (dispatch.mode !== 'transfer') return;
  call.operator = null;
  delete call.timers.ring;
  hangUp(step, channelId);
  report(step, operator, 'finished');
  tell(step, 'operator.left', { operatorId, cause: 16, transferredTo: dispatch.agencyId });
}

function afterAgencyFailed(step: Step, dispatch: Dispatch): void {
  const { call } = step;
  if (dispatch.state === 'cancelled') return;
  const { operator } = call;
  if (operator?.state === 'joined') {
    const soundId = nextSoundId(call);
    step.effects.push({ do: 'play', channelId: operator.channelId, soundId, prompt: 'agency-unreachable' });
  }
}
