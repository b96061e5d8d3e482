import { assign, isFree, type Pair } from './assign.ts';
import { stateOf, type Line, type Operator, type OperatorState, type OperatorStatus } from './operator.ts';

/** Everything the line can be told; each may come late, twice or never. */
export type LineInput = { at: number } & (
  | { type: 'enter'; callId: string; since: number }
  | { type: 'leave'; callId: string }
  | { type: 'outcome'; operatorId: string; assignmentId: string; outcome: AssignmentOutcome }
  | { type: 'operators'; operators: Operator[] }
  | { type: 'registered'; account: string; registered: boolean }
  | { type: 'pause'; operatorId: string; reason: string }
  | { type: 'resume'; operatorId: string }
  | { type: 'reserve'; requestId: string; callId: string; target: ReserveTarget; evenPaused: boolean }
  | { type: 'timer' }
);

/** Whom a call wants: somebody by name, any supervisor, or any operator who has nothing to do. */
export type ReserveTarget = { operatorId: string } | { tier: 'supervisor' } | { any: true };

export type AssignmentOutcome = 'talking' | 'no-answer' | 'busy' | 'failed' | 'not-needed' | 'finished' | 'lost';

export interface LineTiming {
  /** Milliseconds an operator has to himself after a call. */
  wrapUp: number;
  /** Milliseconds a phone that refused is left alone. */
  retry: number;
}

export interface LineDecision {
  line: Line;
  assigned: (Pair & { assignmentId: string; account: string })[];
  reserved: { requestId: string; callId: string; operatorId: string; assignmentId: string; account: string }[];
  refused: { requestId: string; callId: string; reason: string }[];
  changed: { operatorId: string; state: OperatorState; reason: string | null }[];
  /** When the line wants to be woken; null if nothing is due. */
  wakeAt: number | null;
}

/** Decides what the waiting line does with one input. Pure; the line handed in is not changed. */
export function decideLine(before: Line, input: LineInput, timing: LineTiming): LineDecision {
  const line = structuredClone(before);
  const states = new Map(Object.values(line.operators).map((status) => [status.operator.id, stateOf(status)]));
  take(line, input, timing);
  endWrapUps(line, input.at);
  const reservation = input.type === 'reserve' ? reserve(line, input) : { reserved: [], refused: [] };
  const assigned = giveOut(line, input.at);
  return { line, assigned, ...reservation, changed: changes(line, states, input.at), wakeAt: nextDue(line, input.at) };
}

function take(line: Line, input: LineInput, timing: LineTiming): void {
  switch (input.type) {
    case 'enter':
      if (line.waiting.some((call) => call.callId === input.callId)) return;
      release(line, input.callId);
      line.waiting.push({ callId: input.callId, since: input.since });
      return;
    case 'leave':
      line.waiting = line.waiting.filter((call) => call.callId !== input.callId);
      Reflect.deleteProperty(line.tried, input.callId);
      return;
    case 'outcome':
      return outcome(line, input, timing);
    case 'operators':
      return operators(line, input.operators, input.at);
    case 'registered': {
      const status = Object.values(line.operators).find((one) => one.operator.account === input.account);
      if (status === undefined || status.registered === input.registered) return;
      status.registered = input.registered;
      if (input.registered) status.idleSince = input.at;
      return;
    }
    case 'pause':
    case 'resume': {
      const status = line.operators[input.operatorId];
      if (status === undefined) return;
      const was = status.pausedFor;
      status.pausedFor = input.type === 'pause' ? input.reason : null;
      if (was !== null && input.type === 'resume') status.idleSince = input.at;
      return;
    }
    case 'reserve':
    case 'timer':
      return;
  }
}

/** Takes a named operator out of the line for a call. */
function reserve(
  line: Line,
  input: Extract<LineInput, { type: 'reserve' }>,
): Pick<LineDecision, 'reserved' | 'refused'> {
  const { requestId, callId, target } = input;
  const status = 'operatorId' in target ? line.operators[target.operatorId] : undefined;
  const refuse = (reason: string) => ({ reserved: [], refused: [{ requestId, callId, reason }] });
  if (status === undefined) return refuse('unknown');
  if (!status.registered) return refuse('not at a desk');
  if (status.engaged !== null) return refuse('busy');
  if (status.pausedFor !== null && !input.evenPaused) return refuse('paused');
  line.assignments += 1;
  const { id: operatorId, account } = status.operator;
  const assignmentId = `${operatorId}.${line.assignments}`;
  status.engaged = { assignmentId, callId, state: 'ringing' };
  status.wrapUpUntil = null;
  return { reserved: [{ requestId, callId, operatorId, assignmentId, account }], refused: [] };
}

/** A call knows best whether it has an operator: if it waits, the news of how he was lost was lost itself. */
function release(line: Line, callId: string): void {
  for (const status of Object.values(line.operators)) if (status.engaged?.callId === callId) status.engaged = null;
}

function outcome(line: Line, input: Extract<LineInput, { type: 'outcome' }>, timing: LineTiming): void {
  const status = line.operators[input.operatorId];
  if (status?.engaged?.assignmentId !== input.assignmentId) return;
  const { callId } = status.engaged;
  switch (input.outcome) {
    case 'talking':
      status.engaged.state = 'talking';
      break;
    case 'finished':
    case 'lost':
      status.engaged = null;
      status.idleSince = input.at;
      if (timing.wrapUp > 0) status.wrapUpUntil = input.at + timing.wrapUp;
      break;
    case 'not-needed':
      // His turn was not used up: he keeps his place among the idle.
      status.engaged = null;
      break;
    case 'no-answer':
      status.engaged = null;
      status.idleSince = input.at;
      break;
    case 'busy':
    case 'failed':
      status.engaged = null;
      status.idleSince = input.at;
      status.notBefore = input.at + timing.retry;
      break;
  }
  // A call that was not taken comes back with an 'enter' of its own; until it is over, who was asked is remembered.
  if (input.outcome === 'no-answer' || input.outcome === 'busy' || input.outcome === 'failed') {
    line.tried[callId] = [...new Set([...(line.tried[callId] ?? []), input.operatorId])];
  } else {
    Reflect.deleteProperty(line.tried, callId);
  }
}

function operators(line: Line, listed: Operator[], at: number): void {
  const ids = new Set(listed.map((operator) => operator.id));
  for (const [id, status] of Object.entries(line.operators)) {
    // One who is deleted while he talks stays until his call is over.
    if (!ids.has(id) && status.engaged === null) Reflect.deleteProperty(line.operators, id);
  }
  for (const operator of listed) {
    const known = line.operators[operator.id];
    if (known !== undefined) known.operator = operator;
    else line.operators[operator.id] = newStatus(operator, at);
  }
}

function newStatus(operator: Operator, at: number): OperatorStatus {
  return {
    operator,
    registered: false,
    pausedFor: null,
    engaged: null,
    wrapUpUntil: null,
    notBefore: null,
    idleSince: at,
    since: at,
  };
}

function endWrapUps(line: Line, at: number): void {
  for (const status of Object.values(line.operators)) {
    if (status.wrapUpUntil !== null && status.wrapUpUntil <= at) status.wrapUpUntil = null;
    if (status.notBefore !== null && status.notBefore <= at) status.notBefore = null;
  }
}

function giveOut(line: Line, at: number): LineDecision['assigned'] {
  const assigned: LineDecision['assigned'] = [];
  for (const pair of assign(line, at).pairs) {
    const status = line.operators[pair.operatorId];
    if (status === undefined || !isFree(status, at)) continue;
    line.assignments += 1;
    const assignmentId = `${pair.operatorId}.${line.assignments}`;
    status.engaged = { assignmentId, callId: pair.callId, state: 'ringing' };
    line.waiting = line.waiting.filter((call) => call.callId !== pair.callId);
    assigned.push({ ...pair, assignmentId, account: status.operator.account });
  }
  return assigned;
}

function changes(line: Line, before: Map<string, OperatorState>, at: number): LineDecision['changed'] {
  const changed: LineDecision['changed'] = [];
  for (const status of Object.values(line.operators)) {
    const state = stateOf(status);
    if (before.get(status.operator.id) === state) continue;
    status.since = at;
    changed.push({ operatorId: status.operator.id, state, reason: state === 'paused' ? status.pausedFor : null });
  }
  return changed;
}

function nextDue(line: Line, at: number): number | null {
  const due = Object.values(line.operators)
    .flatMap((status) => [status.wrapUpUntil, status.notBefore])
    .filter((time) => time !== null && time > at);
  return due.length === 0 ? null : Math.min(...due.map(Number));
}
