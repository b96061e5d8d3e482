// One attempt after the other: which trunk is rung, how an attempt fails, and what follows. It ends no dispatch but one whose
// trunks have all been rung.

import { isRefusal, outcomeOfCause } from '../asterisk/cause.ts';
import {
  agencyEndpoint,
  type Attempt,
  type AttemptOutcome,
  type Dispatch,
  type DispatchState,
  type RingResult,
} from './dispatch.ts';
import { nextPath } from './next-path.ts';
import { finish, tell, wake, type DispatchContext, type DispatchStep } from './step.ts';

export function tryNext(step: DispatchStep, at: number, context: DispatchContext): void {
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
  const { endpoint = agencyEndpoint } = trunk;
  const location = path.plain || endpoint !== agencyEndpoint ? null : context.location;
  dispatch.state = 'requested';
  dispatch.attempts.push({
    number,
    channelId,
    trunkId: trunk.id,
    requestedAt: at,
    located: location !== null,
    announced: 0,
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
      kind: context.kind,
      application: context.application,
      channelId,
      endpoint,
      uri: trunk.uri,
      callerNumber: trunk.shows ?? context.callerNumber,
      callInfo: context.callInfo,
      location,
      callerChannelId: dispatch.mode === 'listen' ? null : context.callerChannelId,
      ring: dispatch.timing.ring + 5_000,
      inLine: dispatch.attempts.some((attempt) => attempt.outcome === 'job-lost'),
      expiresAt,
    },
  });
}

export function ringResult(
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

/** Called off while its job was on the way: the hang-up found no phone yet, and this one is rung for nobody. */
export function hangUpWithdrawn({ dispatch, actions }: DispatchStep, channelId: string): void {
  const attempt = dispatch.attempts.find((one) => one.channelId === channelId);
  if (attempt?.outcome === 'withdrawn' && attempt.takenAt === null) actions.push({ do: 'hang-up', channelId });
}

export function outcomeOf(attempt: Attempt, dispatch: Dispatch, cause: number): AttemptOutcome {
  if (attempt.answeredAt !== null) return dispatch.state === 'accepted' ? 'unreachable' : 'not-accepted';
  // 400, 413, 415 and 488 come as these: of an INVITE with a body of two parts, many a gateway makes nothing.
  if (attempt.located && attempt.ringingAt === null && (cause === 127 || cause === 58)) return 'not-understood';
  if (isRefusal(cause)) return 'refused';
  const outcome = outcomeOfCause(cause);
  return outcome === 'failed' ? 'unreachable' : outcome;
}

export function timeUp(step: DispatchStep, attempt: Attempt, at: number, context: DispatchContext): void {
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

export function failAttempt(
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
