// The agencies engaged for the call: hands each leg's input to its dispatch and does what comes back.

import { decideDispatch } from '../dispatch/decide.ts';
import type { DispatchInput } from '../dispatch/step.ts';
import { isOutOfTheWay, isPlanned, type Dispatch, type DispatchState } from '../dispatch/dispatch.ts';
import { changeIncident, type IncidentChange } from '../incidents/incident.ts';
import type { Decision } from '../routing/rule.ts';
import { applyDispatchStep, contextOf, dispatchOfChannel } from './apply-dispatch.ts';
import type { Call } from './call.ts';
import { isPrivate, speakers } from './company.ts';
import type { Fact } from './call-effect.ts';
import { operatorLeaves } from './decide-hold.ts';
import { joinCaller, leaveLine, stopRinging } from './line.ts';
import { promptOperator, tell, type Step } from './step.ts';

export function addDispatch(step: Step, wanted: Dispatch, requestedAt = wanted.requestedAt): void {
  const { call } = step;
  const dispatch = { ...wanted, requestedAt };
  const { id, agencyId } = dispatch;
  if (call.dispatches.some((one) => one.id === id)) return;
  const over = call.endedAt !== null || (!call.caller.live && speakers(call).length === 0);
  if (over && dispatch.mode !== 'notify') {
    tell(step, 'dispatch.refused', { dispatchId: id, agencyId, reason: 'the call has ended' });
    return;
  }
  const engaged = engagedBy(call, dispatch);
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

/** The dispatch by which an agency is engaged for the call already, if it is: by a message it is for another message alone. */
export function engagedBy(
  { dispatches }: Pick<Call, 'dispatches'>,
  wanted: Pick<Dispatch, 'agencyId' | 'mode'>,
): Dispatch | undefined {
  const isMessage = wanted.mode === 'notify';
  return dispatches.find(
    (one) => one.agencyId === wanted.agencyId && one.endedAt === null && (one.mode === 'notify') === isMessage,
  );
}

/** Starts what has waited for an earlier stage; a dispatch that was refused is waited for by nobody. */
function startDue(step: Step): void {
  const { call } = step;
  // Who is asked instead is waited for in its place.
  const settled = (id: string): boolean =>
    call.dispatches.every((one) => {
      if (one.id === id) return isOutOfTheWay(one);
      return one.reason.by !== 'fallback' || one.reason.of !== id || settled(one.id);
    });
  const due = call.dispatches.find((one) => isPlanned(one) && one.after.every(settled));
  if (due !== undefined && (call.endedAt === null || due.mode === 'notify'))
    toDispatch(step, due, { type: 'start', at: step.at });
}

export function cancelDispatch(step: Step, dispatchId: string, by: string): void {
  const dispatch = step.call.dispatches.find((one) => one.id === dispatchId);
  if (dispatch === undefined || dispatch.endedAt !== null) return;
  tell(step, 'dispatch.cancel-requested', { dispatchId, by });
  toDispatch(step, dispatch, { type: 'cancel', at: step.at, reason: 'cancelled' });
}

/** Why an agency cannot be muted, or opened to speak, now; null if it can. */
export function whyNoMute(call: Call, dispatchId: string, muted: boolean): string | null {
  const dispatch = call.dispatches.find((one) => one.id === dispatchId);
  if (call.endedAt !== null) return 'the call has ended';
  if (dispatch?.state !== 'joined') return 'the agency is not in the call';
  if (!muted && isPrivate(call)) return 'somebody is being consulted';
  if (!muted || dispatch.muted) return null;
  if (!call.caller.live) return 'the caller has gone';
  const channelId = dispatch.attempts.at(-1)?.channelId;
  const others = speakers(call).filter((one) => one !== channelId);
  return others.length > 0 ? null : 'nobody else could speak with the caller';
}

/** Whether an agency in the call is heard: one who listens may be opened to speak, one who talks may be muted. */
export function muteDispatch(step: Step, dispatchId: string, muted: boolean, by: string): void {
  const { call } = step;
  const reason = whyNoMute(call, dispatchId, muted);
  if (reason !== null) return tell(step, 'dispatch.mute-refused', { dispatchId, muted, reason, by });
  const dispatch = call.dispatches.find((one) => one.id === dispatchId);
  if (dispatch !== undefined) toDispatch(step, dispatch, { type: 'mute', at: step.at, muted, by });
}

/** Asterisk did not mute an agency, or did not open it; with `unknown`, it did not say. */
export function agencyMuteFailed(step: Step, channelId: string, muted: boolean, unknown: boolean): void {
  agencyInput(step, { type: 'mute-failed', at: step.at, channelId, muted, unknown });
}

/** What came of a message to an agency; also when the call has ended. */
export function notified(
  step: Step,
  told: { dispatchId: string; outcome: 'delivered' | 'acknowledged' | 'failed'; reason: string | null },
): void {
  const { dispatchId, outcome, reason } = told;
  const dispatch = step.call.dispatches.find((one) => one.id === dispatchId);
  if (dispatch !== undefined) toDispatch(step, dispatch, { type: 'notified', at: step.at, outcome, reason });
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
  if (input.decision !== undefined) {
    tell(step, 'routing.decided', summary(input.decision));
    call.told = [...new Set([...(call.told ?? []), ...input.decision.tell.map(({ recipientId }) => recipientId)])];
  }
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
  if (dispatch !== undefined) toDispatch(step, dispatch, { type: 'timer', at: step.at });
}

function toDispatch(step: Step, before: Dispatch, input: DispatchInput): void {
  const { call } = step;
  const result = decideDispatch(before, input, contextOf(call));
  applyDispatchStep(step, result);
  const { dispatch } = result;
  const ended = before.endedAt === null && dispatch.endedAt !== null;
  if (!canSpeak(before) && canSpeak(dispatch)) agencySpeaks(step, before, dispatch);
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

function canSpeak({ state, muted }: Dispatch): boolean {
  return state === 'joined' && !muted;
}

/** An agency's person is in the bridge and is heard there: the caller has somebody. */
function agencySpeaks(step: Step, before: Dispatch, dispatch: Dispatch): void {
  const { call } = step;
  leaveLine(step);
  joinCaller(step);
  const { operator } = call;
  if (operator === null) return;
  // While the agency's person talks to the caller nobody else need be rung; in a transfer the operator leaves.
  if (operator.state === 'ringing') {
    if (operator.asked !== true) stopRinging(step);
    return;
  }
  if (dispatch.mode !== 'transfer' || before.state === 'joined') return;
  delete call.timers.ring;
  operatorLeaves(step, { transferredTo: dispatch.agencyId });
}

const withoutAcceptance: ReadonlySet<DispatchState> = new Set(['declined', 'no-answer', 'failed']);

function afterAgencyFailed(step: Step, dispatch: Dispatch): void {
  const { call } = step;
  if (!withoutAcceptance.has(dispatch.state)) return;
  const next = fallbackOf(call, dispatch);
  if (next !== null) return addDispatch(step, next, step.at);
  if (dispatch.mode !== 'notify') promptOperator(step, 'agency-unreachable');
}

/** Who is asked instead: the first of those planned who is not engaged already. */
function fallbackOf(call: Call, { id, fallback }: Dispatch): Dispatch | null {
  let next = fallback;
  while (next !== null && engagedBy(call, next) !== undefined) next = next.fallback;
  if (next === null || (call.endedAt !== null && next.mode !== 'notify')) return null;
  return { ...next, reason: { by: 'fallback', of: id } };
}
