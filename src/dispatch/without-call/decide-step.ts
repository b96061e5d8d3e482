// What the decisions of a dispatch without a call are made of: handing an input to one of its dispatches, and doing what comes
// back.

import { announcement } from '../announcement.ts';
import { decideDispatch } from '../decide.ts';
import {
  currentAttempt,
  engages,
  isPlanned,
  isOutOfTheWay,
  type Attempt,
  type Dispatch,
  type DispatchState,
} from '../dispatch.ts';
import { openKind, type DispatchAction, type DispatchContext, type DispatchInput } from '../step.ts';
import type { WithoutCall, WithoutCallEffect, WithoutCallFact } from './without-call.ts';

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
  const kind = openKind(state.about.kind);
  return { callId, incidentId, application, callerNumber, kind, callInfo, location, callerChannelId: null };
}

/** Hands an input to a dispatch, and starts what waited for it. */
export function toDispatch(step: WithoutCallStep, dispatchId: string, input: DispatchInput): void {
  const { state } = step;
  const before = state.dispatches.find(({ id }) => id === dispatchId);
  if (before === undefined) return;
  const { dispatch, actions } = decideDispatch(before, input, contextOf(state));
  state.dispatches = state.dispatches.map((one) => (one.id === dispatch.id ? dispatch : one));
  for (const action of actions) apply(step, dispatch, action);
  if (before.endedAt === null && withoutAcceptance.has(dispatch.state)) askNext(step, dispatch);
  startDue(step);
}

const withoutAcceptance: ReadonlySet<DispatchState> = new Set(['declined', 'no-answer', 'failed']);

/** Who is asked instead: the first of those planned who is not engaged already. */
function askNext({ state, at }: WithoutCallStep, { id, fallback }: Dispatch): void {
  const isEngaged = (wanted: Dispatch): boolean => state.dispatches.some((one) => engages(one, wanted));
  let next = fallback;
  while (next !== null && isEngaged(next)) next = next.fallback;
  if (next === null) return;
  state.dispatches = [...state.dispatches, { ...next, requestedAt: at, reason: { by: 'fallback', of: id } }];
}

/** Starts what has waited for an earlier stage; who is asked instead is waited for in its place. */
export function startDue(step: WithoutCallStep): void {
  const { dispatches } = step.state;
  const settled = (id: string): boolean =>
    dispatches.every((one) => {
      if (one.id === id) return isOutOfTheWay(one);
      return one.reason.by !== 'fallback' || one.reason.of !== id || settled(one.id);
    });
  const due = dispatches.find((one) => isPlanned(one) && one.after.every(settled));
  if (due !== undefined) toDispatch(step, due.id, { type: 'start', at: step.at });
}

function apply(step: WithoutCallStep, dispatch: Dispatch, action: DispatchAction): void {
  const { state, effects } = step;
  switch (action.do) {
    case 'ring':
      // Nobody is there whom it could only listen to.
      effects.push({ do: 'ring-agency', job: { ...action.job, mode: heard(action.job.mode) } });
      return;
    case 'announce':
      effects.push(announcing(state, action.channelId, action.soundId));
      return;
    case 'stop-announcing':
      effects.push({ do: 'stop-sound', channelId: action.channelId, soundId: action.soundId });
      return;
    case 'notify':
      effects.push({ do: 'notify-agency', dispatchId: dispatch.id, agencyId: dispatch.agencyId });
      return;
    // There is no caller who could hear it, or not.
    case 'mute':
    case 'unmute':
    case 'tie':
      return;
    case 'join':
      step.accepted(step, dispatch, action.channelId);
      return;
    case 'hang-up':
      effects.push({ do: 'hang-up', channelId: action.channelId });
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

function heard(mode: Dispatch['mode']): Dispatch['mode'] {
  return mode === 'listen' ? 'bridge' : mode;
}

function announcing({ about }: WithoutCall, channelId: string, soundId: string): WithoutCallEffect {
  return { do: 'announce', channelId, soundId, prompts: announcement({ ...about, listens: false }) };
}

/** Says it to one who has accepted, from its beginning. */
export function sayAgain({ state, effects }: WithoutCallStep, channelId: string): void {
  const soundId = (times: number): string => `${channelId}.t${times}`;
  const before = state.said[channelId] ?? 0;
  if (before > 0) effects.push({ do: 'stop-sound', channelId, soundId: soundId(before) });
  state.said[channelId] = before + 1;
  effects.push(announcing(state, channelId, soundId(before + 1)));
}

export function hangUp({ effects }: WithoutCallStep, channelId: string): void {
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
