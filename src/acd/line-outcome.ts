import { policyOf, type LinePolicies } from './line-policy.ts';
import {
  answering,
  inUseSince,
  takersOf,
  type Engagement,
  type Line,
  type OperatorStatus,
  type Rank,
  type WaitingCall,
} from './operator.ts';
import type { CallQueue } from './queue.ts';

export type AssignmentOutcome = 'talking' | 'no-answer' | 'busy' | 'failed' | 'not-needed' | 'finished' | 'lost';

interface OutcomeInput {
  operatorId: string;
  assignmentId: string;
  outcome: AssignmentOutcome;
  at: number;
}

/** An assignment of another controller's line, or (with `requestId`) a reservation there, that goes on here. */
export interface Kept {
  callId: string;
  operatorId: string;
  assignmentId: string;
  state: Engagement['state'];
  requestId: string | null;
  /** When the call arrived. */
  since: number;
  queue: CallQueue;
}

/** He is on a call that this line did not give him. Whom it has given another call meanwhile answers for that one. */
export function keep(line: Line, kept: Kept & { at: number }): void {
  const status = line.operators[kept.operatorId];
  if (status === undefined || status.engaged !== null) return;
  const { callId, assignmentId, state, requestId, at } = kept;
  status.engaged = { assignmentId, callId, state, requestId, since: at };
  status.wrapUpUntil = null;
  if (requestId !== null) return;
  const call = line.calls[callId] ?? newCall(callId, kept.queue, at);
  call.since = kept.since;
  line.calls[callId] = call;
  put(call, state, at);
}

/** How a call or a reservation went for its operator. One that is not his (any more) says nothing. */
export function takeOutcome(line: Line, input: OutcomeInput, policies: LinePolicies): void {
  const status = line.operators[input.operatorId];
  const engaged = status?.engaged;
  if (status === undefined || engaged?.assignmentId !== input.assignmentId) return;
  if (input.outcome === 'talking') startTalking(line, status, engaged, input.at);
  else free(line, status, engaged, input, policies);
}

function startTalking(line: Line, status: OperatorStatus, engaged: Engagement, at: number): void {
  if (engaged.state === 'talking') return;
  engaged.state = 'talking';
  engaged.since = at;
  // He is there after all.
  status.unanswered = 0;
  if (status.paused?.automatic === true) status.paused = null;
  const call = engaged.requestId === null ? line.calls[engaged.callId] : undefined;
  if (call === undefined) return;
  put(call, 'talking', at);
  call.tried = [];
}

function free(
  line: Line,
  status: OperatorStatus,
  engaged: Engagement,
  { outcome, at }: OutcomeInput,
  policies: LinePolicies,
): void {
  const call = line.calls[engaged.callId];
  const { wrapUp } = policyOf(policies, call?.queue.id ?? '112');
  status.engaged = null;
  // Whose turn was not used up keeps his place among the idle.
  if (outcome !== 'not-needed') status.idleSince = at;
  if (outcome === 'finished' || outcome === 'lost') {
    if (wrapUp > 0) status.wrapUpUntil = at + wrapUp;
    if (engaged.state === 'talking') learn(line, at - engaged.since + wrapUp);
  }
  if (outcome === 'busy' || outcome === 'failed') status.notBefore = at + policies.retry;
  if (engaged.requestId !== null) return;
  // Who talks on his phone is at it.
  const away = outcome === 'no-answer' && inUseSince(line, status) === null;
  if (away) status.unanswered += 1;
  if (away && policies.pauseUnanswered && !isLast(line, status)) {
    status.paused ??= { reason: 'no-answer', automatic: true };
  }
  if (call !== undefined) settle(line, call, status, outcome, at);
}

/** Who was asked is remembered until somebody talks; a call that was not taken comes back with an 'enter' of its own. */
function settle(
  line: Line,
  call: WaitingCall,
  { operator }: OperatorStatus,
  outcome: AssignmentOutcome,
  at: number,
): void {
  if (outcome === 'no-answer' || outcome === 'busy' || outcome === 'failed') {
    call.tried = [...new Set([...call.tried, operator.id])];
  }
  if (outcome === 'not-needed') call.declined.push(operator.id);
  if (call.place !== 'ringing' && call.place !== 'talking') return;
  const left = takersOf(line, call.callId);
  if (left.some(({ engaged }) => engaged?.state === 'talking')) return put(call, 'talking', at);
  if (left.length > 0) return put(call, 'ringing', at);
  if (outcome === 'finished' && !isRemembered(call)) return leave(line, call.callId);
  put(call, outcome === 'finished' || outcome === 'not-needed' ? 'served' : 'between', at);
}

/** Should it wait again, it is to be known that it waited before: by whom it was not taken, say. */
function isRemembered({ ranked, tried, backupAsked }: WaitingCall): boolean {
  return ranked !== null || tried.length > 0 || backupAsked.times > 0;
}

/** The last one who could answer now is never paused: somebody must be left to ring. */
function isLast(line: Line, status: OperatorStatus): boolean {
  return answering(line).every((one) => one === status || one.engaged !== null || inUseSince(line, one) !== null);
}

/** What a call costs an operator: the latest counts for a tenth, so that the figure follows the hour. */
function learn(line: Line, cost: number): void {
  line.handling = line.handling === null ? cost : line.handling + (cost - line.handling) / 10;
}

/** So long after an assignment a call that says it waits may not have heard of it yet. */
const crossing = 1_000;

/**
 * A call knows best whether it has an operator: if it waits, the news of how he was lost was lost itself. But for whom it
 * was given only now, while it said so: his phone will ring, and the call says again that it waits if it does not.
 */
export function enter(line: Line, input: { callId: string; since: number; queue: CallQueue; at: number }): void {
  const known = line.calls[input.callId];
  if (known?.place === 'waiting') return;
  const call = known ?? newCall(input.callId, input.queue, input.at);
  call.since = input.since;
  call.queue = input.queue;
  line.calls[input.callId] = call;
  applyRank(call);
  const takers = takersOf(line, input.callId).flatMap(({ engaged }) => engaged ?? []);
  if (takers.some(({ state, since }) => state === 'ringing' && input.at - since < crossing)) return;
  for (const engaged of takers) release(line, engaged);
  call.declined = [];
  put(call, 'waiting', input.at);
}

/** The call waits for nobody any more; whoever is with it, or rings, is told of by his outcome. */
export function leave(line: Line, callId: string): void {
  Reflect.deleteProperty(line.calls, callId);
}

export function rank(line: Line, input: { callId: string; rank: Rank; queue: CallQueue; at: number }): void {
  const call = line.calls[input.callId] ?? newCall(input.callId, input.queue, input.at);
  call.ranked = input.rank;
  line.calls[input.callId] = call;
  applyRank(call);
}

const forgottenAfter = 60_000;

/** Forgets calls that have not said for long that they wait, and that nobody is with. */
export function forgetCalls(line: Line, at: number): void {
  for (const call of Object.values(line.calls)) {
    if (call.place === 'waiting' || at - call.placedAt < forgottenAfter) continue;
    if (takersOf(line, call.callId).length === 0) Reflect.deleteProperty(line.calls, call.callId);
  }
}

function release(line: Line, engaged: Engagement): void {
  for (const status of Object.values(line.operators)) if (status.engaged === engaged) status.engaged = null;
}

function put(call: WaitingCall, place: WaitingCall['place'], at: number): void {
  if (call.place === place) return;
  call.place = place;
  call.placedAt = at;
}

function applyRank(call: WaitingCall): void {
  call.priority = call.ranked?.priority ?? call.queue.priority;
  call.skills = call.ranked?.skills ?? call.queue.skills;
  call.languages = call.ranked?.languages ?? call.queue.languages;
}

function newCall(callId: string, queue: CallQueue, at: number): WaitingCall {
  return {
    callId,
    since: at,
    queue,
    priority: queue.priority,
    skills: queue.skills,
    languages: queue.languages,
    place: 'expected',
    placedAt: at,
    ranked: null,
    tried: [],
    declined: [],
    backupAsked: { times: 0, at: null },
    told: null,
  };
}
