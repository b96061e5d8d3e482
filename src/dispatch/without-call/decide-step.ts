// What the decisions of a dispatch without a call are made of: handing an input to one of its dispatches, and doing what comes
// back.

import { decideDispatch } from '../decide.ts';
import { currentAttempt, isPlanned, isSettled, type Attempt, type Dispatch } from '../dispatch.ts';
import type { DispatchAction, DispatchContext, DispatchInput } from '../step.ts';
import { announcementOf, type WithoutCall, type WithoutCallEffect, type WithoutCallFact } from './without-call.ts';

/** A decision in the making: the next state, what is to be done, and what is to be told. */
export interface WithoutCallStep {
  readonly state: WithoutCall;
  readonly at: number;
  readonly effects: WithoutCallEffect[];
  readonly facts: WithoutCallFact[];
  /** An agency's person has accepted. */
  readonly accepted: (step: WithoutCallStep, dispatch: Dispatch, channelId: string) => void;
}

function contextOf(state: WithoutCall): DispatchContext {
  const { id: callId, incidentId, application, callerNumber, callInfo, location } = state;
  return { callId, incidentId, application, callerNumber, callInfo, location, callerChannelId: null };
}

/** Hands an input to a dispatch, and starts what waited for it. */
export function toDispatch(step: WithoutCallStep, dispatchId: string, input: DispatchInput): void {
  const { state } = step;
  const before = state.dispatches.find(({ id }) => id === dispatchId);
  if (before === undefined) return;
  const { dispatch, actions } = decideDispatch(before, input, contextOf(state));
  state.dispatches = state.dispatches.map((one) => (one.id === dispatch.id ? dispatch : one));
  for (const action of actions) apply(step, dispatch, action);
  startDue(step);
}

/** Starts what has waited for an earlier stage. */
export function startDue(step: WithoutCallStep): void {
  const { dispatches } = step.state;
  const settled = (id: string): boolean => dispatches.every((one) => one.id !== id || isSettled(one));
  const due = dispatches.find((one) => isPlanned(one) && one.after.every(settled));
  if (due !== undefined) toDispatch(step, due.id, { type: 'start', at: step.at });
}

function apply(step: WithoutCallStep, dispatch: Dispatch, action: DispatchAction): void {
  const { state, effects } = step;
  switch (action.do) {
    case 'ring':
      effects.push({ do: 'ring-agency', job: action.job });
      return;
    case 'announce':
      announce(step, action.channelId);
      return;
    case 'stop-announcing':
      stopSaying(step, action.channelId);
      return;
    case 'join':
      step.accepted(step, dispatch, action.channelId);
      return;
    case 'hang-up':
      hangUp(step, action.channelId);
      return;
    case 'wake':
      if (action.at === null) Reflect.deleteProperty(state.timers, timerOf(dispatch.id));
      else state.timers[timerOf(dispatch.id)] = action.at;
      return;
    case 'tell':
      tell(step, action.type, action.detail);
      return;
  }
}

/** The name of a dispatch's timer. */
export function timerOf(dispatchId: string): string {
  return `dispatch:${dispatchId}`;
}

/** Says, or says again from the start, what it is about. */
export function announce(step: WithoutCallStep, channelId: string): void {
  const { state, effects } = step;
  stopSaying(step, channelId);
  state.sounds += 1;
  const soundId = `${channelId}.s${state.sounds}`;
  state.saying[channelId] = soundId;
  effects.push({ do: 'play', channelId, soundId, prompts: announcementOf(state.about) });
}

export function stopSaying({ state, effects }: WithoutCallStep, channelId: string): void {
  const soundId = state.saying[channelId];
  if (soundId === undefined) return;
  Reflect.deleteProperty(state.saying, channelId);
  effects.push({ do: 'stop-sound', channelId, soundId });
}

export function hangUp({ state, effects }: WithoutCallStep, channelId: string): void {
  Reflect.deleteProperty(state.saying, channelId);
  effects.push({ do: 'hang-up', channelId });
}

/** Adds a line to the incident's timeline. */
export function tell({ facts }: WithoutCallStep, type: string, detail: WithoutCallFact['detail']): void {
  facts.push({ type, detail });
}

/** The dispatch whose attempt rings, or rang, this channel. */
export function dispatchOfChannel(state: WithoutCall, channelId: string): Dispatch | undefined {
  return state.dispatches.find(({ attempts }) => attempts.some((one) => one.channelId === channelId));
}

/** The agency that has accepted, with its leg; undefined once it has gone. */
export function acceptedLeg(state: WithoutCall): { dispatch: Dispatch; attempt: Attempt } | undefined {
  for (const dispatch of state.dispatches) {
    const attempt = currentAttempt(dispatch);
    if (attempt !== undefined && ['accepted', 'joined'].includes(dispatch.state)) return { dispatch, attempt };
  }
  return undefined;
}
