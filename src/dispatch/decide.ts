// What an agency's person and Asterisk say of a dispatch, from its start to its end. The attempts: decide-attempt.

import { plainCopy } from '../platform/plain-copy.ts';
import { announce, hushAnnouncement, repeatAnnouncement } from './decide-announced.ts';
import { failAttempt, hangUpWithdrawn, outcomeOf, ringResult, timeUp, tryNext } from './decide-attempt.ts';
import { notify } from './decide-notify.ts';
import { currentAttempt, isPlanned, type Attempt, type Dispatch } from './dispatch.ts';
import { finish, tell, wake, type DispatchContext, type DispatchInput, type DispatchStep } from './step.ts';

/** Agencies press this to take the call, this to hear again what it is, and this to decline it. */
const acceptKey = '1';
const repeatKey = '2';
const declineKey = '9';

/**
 * Decides one step of a dispatch: rings the trunks in their order until a person of the agency accepts.
 * Pure; the dispatch handed in is not changed.
 */
export function decideDispatch(before: Dispatch, input: DispatchInput, context: DispatchContext): DispatchStep {
  const dispatch = plainCopy(before);
  const step: DispatchStep = { dispatch, actions: [] };
  if (dispatch.mode === 'notify') {
    notify(step, input);
    return step;
  }
  const attempt = currentAttempt(dispatch);

  switch (input.type) {
    case 'start':
      if (isPlanned(dispatch)) {
        dispatch.startedAt = input.at;
        tell(step, 'dispatch.requested', { mode: dispatch.mode });
        tryNext(step, input.at, context);
      }
      break;
    case 'ring-result':
      if (attempt?.channelId === input.attemptId) ringResult(step, attempt, input.ring, input.at, context);
      else if (input.ring.result === 'taken') hangUpWithdrawn(step, input.attemptId);
      break;
    case 'leg-ringing':
      if (attempt?.channelId !== input.channelId) {
        // A phone that rings for an attempt that is over.
        step.actions.push({ do: 'hang-up', channelId: input.channelId });
      } else if (attempt.ringingAt === null && attempt.answeredAt === null) {
        attempt.ringingAt = input.at;
        dispatch.state = 'ringing';
        wake(step, input.at + dispatch.timing.ring);
        tell(step, 'dispatch.ringing', { trunkId: attempt.trunkId, attempt: attempt.number });
      }
      break;
    case 'leg-entered':
      if (attempt?.channelId !== input.channelId) {
        step.actions.push({ do: 'hang-up', channelId: input.channelId });
      } else if (attempt.answeredAt === null) {
        entered(step, attempt, input.at);
      }
      break;
    case 'key-pressed':
      if (attempt?.channelId === input.channelId && dispatch.state === 'announced') {
        keyPressed(step, attempt, input.key, input.at, context);
      }
      break;
    case 'leg-joined':
      if (attempt?.channelId === input.channelId && dispatch.state === 'accepted') {
        dispatch.state = 'joined';
        dispatch.joinedAt = input.at;
        wake(step, null);
        tell(step, 'dispatch.joined', { trunkId: attempt.trunkId });
      }
      break;
    case 'leg-gone':
      if (attempt?.channelId === input.channelId) legGone(step, attempt, input.cause, input.at, context);
      break;
    case 'timer':
      if (attempt !== undefined) timeUp(step, attempt, input.at, context);
      break;
    case 'cancel':
      cancel(step, attempt, input.reason, input.at);
      break;
    case 'mute':
      if (attempt !== undefined && dispatch.state === 'joined' && dispatch.muted !== input.muted) {
        mute(step, attempt, input.muted, input.by);
      }
      break;
    case 'mute-failed':
      if (attempt?.channelId === input.channelId && dispatch.muted === input.muted) {
        // What nobody knows counts as mute: the caller is not left to somebody whom he may not hear.
        dispatch.muted = input.unknown || !input.muted;
        // Should it have been opened after all, a listener would be heard whom nobody counts on.
        if (input.unknown && !input.muted) step.actions.push({ do: 'mute', channelId: input.channelId });
        step.actions.push({ do: 'tie', channelId: input.channelId, heard: !dispatch.muted });
        tell(step, 'dispatch.mute-failed', { muted: dispatch.muted });
      }
      break;
    case 'notified':
      break;
  }
  return step;
}

function entered(step: DispatchStep, attempt: Attempt, at: number): void {
  const { dispatch } = step;
  attempt.answeredAt = at;
  if (dispatch.acceptance === 'answer') {
    accept(step, attempt, at);
    return;
  }
  dispatch.state = 'announced';
  wake(step, at + dispatch.timing.accept);
  announce(step, attempt);
  tell(step, 'dispatch.announced', { trunkId: attempt.trunkId });
}

function keyPressed(step: DispatchStep, attempt: Attempt, key: string, at: number, context: DispatchContext): void {
  if (key === acceptKey) {
    hushAnnouncement(step, attempt);
    accept(step, attempt, at);
  } else if (key === repeatKey) {
    repeatAnnouncement(step, attempt, at);
  } else if (key === declineKey) {
    step.actions.push({ do: 'hang-up', channelId: attempt.channelId });
    failAttempt(step, attempt, 'declined', at, context);
  } else {
    tell(step, 'dispatch.key-ignored', { key });
  }
}

function accept(step: DispatchStep, attempt: Attempt, at: number): void {
  step.dispatch.state = 'accepted';
  step.dispatch.acceptedAt = at;
  tell(step, 'dispatch.accepted', { trunkId: attempt.trunkId });
  wake(step, at + 3_000);
  step.actions.push({ do: 'join', channelId: attempt.channelId });
}

function mute(step: DispatchStep, { channelId }: Attempt, muted: boolean, by: string): void {
  step.dispatch.muted = muted;
  step.actions.push({ do: muted ? 'mute' : 'unmute', channelId }, { do: 'tie', channelId, heard: !muted });
  tell(step, muted ? 'dispatch.muted' : 'dispatch.unmuted', { by });
}

function legGone(step: DispatchStep, attempt: Attempt, cause: number, at: number, context: DispatchContext): void {
  const { dispatch } = step;
  if (dispatch.state === 'joined') {
    attempt.endedAt = at;
    attempt.outcome = 'accepted';
    finish(step, 'left', 'accepted', at);
    tell(step, 'dispatch.left', { cause });
    return;
  }
  failAttempt(step, attempt, outcomeOf(attempt, dispatch, cause), at, context);
}

function cancel(
  step: DispatchStep,
  attempt: Attempt | undefined,
  reason: 'cancelled' | 'call-ended',
  at: number,
): void {
  const { dispatch } = step;
  if (dispatch.endedAt !== null) return;
  const joined = dispatch.state === 'joined';
  if (attempt !== undefined) {
    attempt.endedAt = at;
    attempt.outcome = joined ? 'accepted' : 'withdrawn';
    step.actions.push({ do: 'hang-up', channelId: attempt.channelId });
  }
  finish(step, joined ? 'left' : 'cancelled', reason, at);
  tell(step, joined ? 'dispatch.left' : 'dispatch.cancelled', { reason });
}
