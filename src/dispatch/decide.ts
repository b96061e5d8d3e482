import { isRefusal, outcomeOfCause } from '../asterisk/cause.ts';
import type { PrintedAsteriskLocation } from '../location/pidf-lo/asterisk-location.ts';
import {
  currentAttempt,
  type Attempt,
  type AttemptOutcome,
  type Dispatch,
  type DispatchState,
  type RingJob,
  type RingResult,
} from './dispatch.ts';
import { nextPath } from './next-path.ts';

/** What a dispatch can be told about the attempt under way. Late ones, of an attempt that is over, change nothing. */
export type DispatchInput = { at: number } & (
  | { type: 'start' }
  | { type: 'ring-result'; attemptId: string; ring: RingResult }
  | { type: 'leg-ringing'; channelId: string }
  | { type: 'leg-entered'; channelId: string }
  | { type: 'leg-joined'; channelId: string }
  | { type: 'leg-gone'; channelId: string; cause: number }
  | { type: 'key-pressed'; channelId: string; key: string }
  | { type: 'timer' }
  | { type: 'cancel'; reason: 'cancelled' | 'call-ended' }
);

/** What the call has to do for its dispatch. */
export type DispatchAction =
  | { do: 'ring'; job: RingJob }
  | { do: 'announce'; channelId: string }
  | { do: 'stop-announcing'; channelId: string }
  | { do: 'join'; channelId: string }
  | { do: 'hang-up'; channelId: string }
  | { do: 'wake'; at: number | null }
  | { do: 'tell'; type: string; detail: Record<string, string | number | boolean | null> };

/** The call a dispatch belongs to, as far as an attempt needs it. */
export interface DispatchContext {
  callId: string;
  incidentId: string;
  application: string;
  callerNumber: string | null;
  callInfo: string;
  location: PrintedAsteriskLocation | null;
  callerChannelId: string;
}

export interface DispatchStep {
  dispatch: Dispatch;
  actions: DispatchAction[];
}

/** Agencies press this to take the call, and this to decline it. */
export const acceptKey = '1';
export const declineKey = '9';

/**
 * Decides one step of a dispatch: rings the trunks in their order until a person of the agency accepts.
 * Pure; the dispatch handed in is not changed.
 */
export function decideDispatch(before: Dispatch, input: DispatchInput, context: DispatchContext): DispatchStep {
  const dispatch = structuredClone(before);
  const step: DispatchStep = { dispatch, actions: [] };
  const attempt = currentAttempt(dispatch);

  switch (input.type) {
    case 'start':
      if (dispatch.attempts.length === 0 && dispatch.state === 'requested') {
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
  }
  return step;
}

/** Called off while its job was on the way: the hang-up found no phone yet, and this one is rung for nobody. */
function hangUpWithdrawn({ dispatch, actions }: DispatchStep, channelId: string): void {
  const attempt = dispatch.attempts.find((one) => one.channelId === channelId);
  if (attempt?.outcome === 'withdrawn' && attempt.takenAt === null) actions.push({ do: 'hang-up', channelId });
}

function tryNext(step: DispatchStep, at: number, context: DispatchContext): void {
  const { dispatch } = step;
  const number = dispatch.attempts.length + 1;
  const path = nextPath(dispatch);
  if (path === undefined) {
    const last = dispatch.attempts.at(-1)?.outcome ?? 'unreachable';
    const state: DispatchState = last === 'declined' ? 'declined' : last === 'no-answer' ? 'no-answer' : 'failed';
    finish(step, state, last, at);
    tell(step, `dispatch.${state}`, { reason: last, attempts: dispatch.attempts.length });
    return;
  }
  const { trunk } = path;
  const channelId = `${dispatch.id}.a${number}`;
  const location = path.plain ? null : context.location;
  dispatch.state = 'requested';
  dispatch.attempts.push({
    number,
    channelId,
    trunkId: trunk.id,
    requestedAt: at,
    located: location !== null,
    takenAt: null,
    ringingAt: null,
    answeredAt: null,
    endedAt: null,
    outcome: null,
  });
  const expiresAt = at + dispatch.timing.jobExpires;
  tell(step, 'dispatch.attempt', { trunkId: trunk.id, attempt: number });
  // Were job, result and events all lost, the attempt is given up one ring after the job's expiry at the latest.
  wake(step, expiresAt + 500);
  step.actions.push({
    do: 'ring',
    job: {
      attemptId: channelId,
      callId: context.callId,
      incidentId: context.incidentId,
      dispatchId: dispatch.id,
      mode: dispatch.mode,
      application: context.application,
      channelId,
      uri: trunk.uri,
      callerNumber: context.callerNumber,
      callInfo: context.callInfo,
      location,
      callerChannelId: context.callerChannelId,
      ring: dispatch.timing.ring + 5_000,
      inLine: dispatch.attempts.some((attempt) => attempt.outcome === 'job-lost'),
      expiresAt,
    },
  });
}

function ringResult(
  step: DispatchStep,
  attempt: Attempt,
  ring: RingResult,
  at: number,
  context: DispatchContext,
): void {
  if (attempt.takenAt !== null || attempt.ringingAt !== null || attempt.answeredAt !== null) return;
  switch (ring.result) {
    case 'taken':
      attempt.takenAt = at;
      wake(step, at + step.dispatch.timing.ring);
      break;
    case 'gone':
      failAttempt(step, attempt, 'unreachable', at, context);
      break;
    // Refused may be a request without an answer, and expired one of two jobs: the phone may ring all the same.
    case 'refused':
      step.actions.push({ do: 'hang-up', channelId: attempt.channelId });
      failAttempt(step, attempt, 'unreachable', at, context);
      break;
    case 'expired':
      step.actions.push({ do: 'hang-up', channelId: attempt.channelId });
      failAttempt(step, attempt, 'job-lost', at, context);
      break;
  }
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
  step.actions.push({ do: 'announce', channelId: attempt.channelId });
  tell(step, 'dispatch.announced', { trunkId: attempt.trunkId });
}

function keyPressed(step: DispatchStep, attempt: Attempt, key: string, at: number, context: DispatchContext): void {
  if (key === acceptKey) {
    step.actions.push({ do: 'stop-announcing', channelId: attempt.channelId });
    accept(step, attempt, at);
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

function outcomeOf(attempt: Attempt, dispatch: Dispatch, cause: number): AttemptOutcome {
  if (attempt.answeredAt !== null) return dispatch.state === 'accepted' ? 'unreachable' : 'not-accepted';
  // 400, 413, 415 and 488 come as these: of an INVITE with a body of two parts, many a gateway makes nothing.
  if (attempt.located && attempt.ringingAt === null && (cause === 127 || cause === 58)) return 'not-understood';
  if (isRefusal(cause)) return 'refused';
  const outcome = outcomeOfCause(cause);
  return outcome === 'failed' ? 'unreachable' : outcome;
}

function timeUp(step: DispatchStep, attempt: Attempt, at: number, context: DispatchContext): void {
  const { dispatch } = step;
  if (dispatch.state === 'joined') return;
  step.actions.push({ do: 'hang-up', channelId: attempt.channelId });
  const outcome: AttemptOutcome =
    dispatch.state === 'announced'
      ? 'not-accepted'
      : dispatch.state === 'accepted'
        ? 'unreachable'
        : attempt.ringingAt !== null || attempt.takenAt !== null
          ? 'no-answer'
          : 'job-lost';
  failAttempt(step, attempt, outcome, at, context);
}

function failAttempt(
  step: DispatchStep,
  attempt: Attempt,
  outcome: AttemptOutcome,
  at: number,
  context: DispatchContext,
): void {
  attempt.endedAt = at;
  attempt.outcome = outcome;
  step.dispatch.acceptedAt = null;
  tell(step, 'dispatch.attempt-failed', { trunkId: attempt.trunkId, attempt: attempt.number, reason: outcome });
  tryNext(step, at, context);
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

function finish(step: DispatchStep, state: DispatchState, outcome: Dispatch['outcome'], at: number): void {
  step.dispatch.state = state;
  step.dispatch.outcome = outcome;
  step.dispatch.endedAt = at;
  wake(step, null);
}

function wake(step: DispatchStep, at: number | null): void {
  step.actions.push({ do: 'wake', at });
}

function tell(step: DispatchStep, type: string, detail: Record<string, string | number | boolean | null>): void {
  step.actions.push({
    do: 'tell',
    type,
    detail: { dispatchId: step.dispatch.id, agencyId: step.dispatch.agencyId, ...detail },
  });
}
