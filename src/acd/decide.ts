import { assign, type Assignment, type Pair } from './assign.ts';
import {
  enter,
  forgetCalls,
  keep,
  leave,
  rank,
  takeOutcome,
  type AssignmentOutcome,
  type Kept,
} from './line-outcome.ts';
import type { LinePolicies } from './line-policy.ts';
import { alerts, nextDue, overflow, places, type LineAlert } from './line-watch.ts';
import {
  accountOf,
  copyOfLine,
  ownStateOf,
  phoneOf,
  type Desk,
  type Line,
  type Operator,
  type OperatorState,
  type OperatorStatus,
  type Place,
  type Rank,
} from './operator.ts';
import { emergencyQueue, type CallQueue } from './queue.ts';
import { chooseReserved, type ReserveRefusal, type ReserveRequest } from './reserve.ts';
import { clearSeats, listDesks, listOperators, logIn, logOut, register, use } from './seats.ts';

/** Everything the line can be told; each may come late, twice or never. */
export type LineInput = { at: number } & (
  | { type: 'enter'; callId: string; since: number; queue: CallQueue }
  | { type: 'leave'; callId: string }
  /** Puts the call elsewhere than its queue would; kept until it is over. */
  | ({ type: 'rank'; callId: string } & Rank)
  | { type: 'outcome'; operatorId: string; assignmentId: string; outcome: AssignmentOutcome }
  | { type: 'operators'; operators: Operator[] }
  | { type: 'desks'; desks: Desk[] }
  | { type: 'log-in'; operatorId: string; deskId: string }
  | { type: 'log-out'; operatorId: string }
  | { type: 'registered'; account: string; registered: boolean }
  /** The phone is in a call that the line gave nobody, or is not any more. */
  | { type: 'in-use'; account: string; inUse: boolean }
  | { type: 'pause'; operatorId: string; reason: string; automatic?: boolean }
  | { type: 'resume'; operatorId: string }
  | ({ type: 'reserve' } & ReserveRequest)
  /** An operator is on a call that was another controller's. */
  | ({ type: 'keep' } & Kept)
  | { type: 'timer' }
);

export interface LineDecision {
  line: Line;
  assigned: (Pair & { assignmentId: string; account: string })[];
  /** Why each call that waits got nobody. */
  passedOver: Assignment['passedOver'];
  reserved: { requestId: string; callId: string; operatorId: string; assignmentId: string; account: string }[];
  refused: { requestId: string; callId: string; reason: ReserveRefusal }[];
  toBackupCentre: string[];
  alerts: LineAlert[];
  places: (Place & { callId: string })[];
  changed: { operatorId: string; state: OperatorState; reason: string | null }[];
  /** Who let his phone ring once more, at every third time in a row: somebody is to go and look. */
  unanswered: { operatorId: string; count: number }[];
  /** When the line wants to be woken; null if nothing is due. */
  wakeAt: number | null;
}

/** Decides what the waiting line does with one input. Pure; the line handed in is not changed. */
export function decideLine(before: Line, input: LineInput, policies: LinePolicies): LineDecision {
  const line = copyOfLine(before);
  const { at } = input;
  take(line, input, policies);
  endWaits(line, at);
  clearSeats(line);
  forgetCalls(line, at);
  const { assigned, passedOver } = giveOut(line, at, policies);
  // After the calls that wait: what they could have, no reservation takes.
  const reservation = input.type === 'reserve' ? reserve(line, input) : { reserved: [], refused: [] };
  return {
    line,
    assigned,
    passedOver,
    ...reservation,
    toBackupCentre: overflow(line, at, policies),
    alerts: alerts(line, at, policies),
    places: places(line, at, policies),
    changed: changes(before, line, at),
    unanswered: unanswered(before, line),
    wakeAt: nextDue(line, at, policies),
  };
}

function take(line: Line, input: LineInput, policies: LinePolicies): void {
  switch (input.type) {
    case 'enter':
      return enter(line, input);
    case 'leave':
      return leave(line, input.callId);
    case 'rank': {
      const { priority, skills, languages } = input;
      const given = { priority, ...(skills && { skills }), ...(languages && { languages }) };
      return rank(line, { callId: input.callId, rank: given, queue: emergencyQueue, at: input.at });
    }
    case 'outcome':
      return takeOutcome(line, input, policies);
    case 'operators':
      return listOperators(line, input.operators, input.at);
    case 'desks':
      return listDesks(line, input.desks);
    case 'log-in':
      return logIn(line, input);
    case 'log-out':
      return logOut(line, input.operatorId);
    case 'registered':
      return register(line, input);
    case 'in-use':
      return use(line, input);
    case 'pause': {
      const status = line.operators[input.operatorId];
      // What he said himself stands.
      if (status === undefined || (input.automatic === true && status.paused !== null)) return;
      status.paused = { reason: input.reason, automatic: input.automatic ?? false };
      return;
    }
    case 'resume': {
      const status = line.operators[input.operatorId];
      if (status === undefined || status.paused === null) return;
      status.paused = null;
      status.unanswered = 0;
      status.idleSince = input.at;
      return;
    }
    case 'keep':
      return keep(line, input);
    case 'reserve':
    case 'timer':
      return;
  }
}

function endWaits(line: Line, at: number): void {
  for (const status of Object.values(line.operators)) {
    if (status.wrapUpUntil !== null && status.wrapUpUntil <= at) status.wrapUpUntil = null;
    if (status.notBefore !== null && status.notBefore <= at) status.notBefore = null;
  }
}

function giveOut(line: Line, at: number, policies: LinePolicies): Pick<LineDecision, 'assigned' | 'passedOver'> {
  const { pairs, passedOver } = assign(line, at, policies);
  const assigned: LineDecision['assigned'] = [];
  for (const pair of pairs) {
    const status = line.operators[pair.operatorId];
    const call = line.calls[pair.callId];
    if (status === undefined || call === undefined || status.engaged !== null) continue;
    const account = phoneOf(line, status);
    if (account === null) continue;
    const assignmentId = engage(line, status, { callId: pair.callId, state: 'ringing', requestId: null, since: at });
    if (call.place === 'waiting') {
      call.place = 'ringing';
      call.placedAt = at;
      call.told = null;
    }
    assigned.push({ ...pair, assignmentId, account });
  }
  return { assigned, passedOver };
}

function reserve(line: Line, input: ReserveRequest & { at: number }): Pick<LineDecision, 'reserved' | 'refused'> {
  const { requestId, callId } = input;
  const held = Object.values(line.operators).find(({ engaged }) => engaged?.requestId === requestId);
  if (held?.engaged) {
    // Asked twice; the answer is the same.
    const { assignmentId } = held.engaged;
    const account = accountOf(line, held) ?? '';
    return { reserved: [{ requestId, callId, operatorId: held.operator.id, assignmentId, account }], refused: [] };
  }
  const choice = chooseReserved(line, input, input.at);
  if ('refused' in choice) return { reserved: [], refused: [{ requestId, callId, reason: choice.refused }] };
  const { status, account } = choice;
  const state = input.occupied === true ? 'talking' : 'ringing';
  const assignmentId = engage(line, status, { callId, state, requestId, since: input.at });
  return { reserved: [{ requestId, callId, operatorId: status.operator.id, assignmentId, account }], refused: [] };
}

function engage(
  line: Line,
  status: OperatorStatus,
  engagement: Omit<NonNullable<OperatorStatus['engaged']>, 'assignmentId'>,
): string {
  line.assignments += 1;
  const assignmentId = `${status.operator.id}.${line.assignments}`;
  status.engaged = { assignmentId, ...engagement };
  status.wrapUpUntil = null;
  return assignmentId;
}

function changes(before: Line, line: Line, at: number): LineDecision['changed'] {
  const changed: LineDecision['changed'] = [];
  for (const status of Object.values(line.operators)) {
    const operatorId = status.operator.id;
    const known = before.operators[operatorId];
    const now = stated(line, status);
    const was = known === undefined ? null : stated(before, known);
    if (was?.state !== now.state || was.reason !== now.reason) {
      status.since = at;
      changed.push({ operatorId, ...now });
    }
  }
  return changed;
}

const toldEvery = 3;

function unanswered(before: Line, line: Line): LineDecision['unanswered'] {
  return Object.entries(line.operators)
    .filter(([id, { unanswered }]) => unanswered > (before.operators[id]?.unanswered ?? 0))
    .filter(([, { unanswered }]) => unanswered % toldEvery === 0)
    .map(([operatorId, { unanswered }]) => ({ operatorId, count: unanswered }));
}

function stated(line: Line, status: OperatorStatus): { state: OperatorState; reason: string | null } {
  // The records are of all controllers: whose call it is tells of it.
  const state = ownStateOf(line, status);
  return { state, reason: state === 'paused' ? (status.paused?.reason ?? null) : null };
}
