import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { tellInTurn } from '../platform/mailboxes.ts';
import { inOrder } from './assign.ts';
import { decideLine, type LineDecision, type LineInput } from './decide.ts';
import type { AssignmentOutcome, Kept } from './line-outcome.ts';
import type { LinePolicies } from './line-policy.ts';
import { expectedWait, type LineAlert } from './line-watch.ts';
import {
  callsIn,
  emptyLine,
  inUseSince,
  isAvailable,
  stateOf,
  takersOf,
  type Desk,
  type Line,
  type Operator,
  type OperatorState,
  type OperatorStatus,
  type Place,
  type Rank,
  type WaitingCall,
} from './operator.ts';
import { emergencyQueue, type CallQueue } from './queue.ts';
import type { ReserveRefusal, ReserveRequest } from './reserve.ts';
import { deskWith, personAt, whyNotLogIn, type LogInRefusal } from './seats.ts';

/** A caller whom nobody has answered. Times are epoch milliseconds. */
export interface LineView {
  callId: string;
  /** When the caller arrived. */
  since: number;
  queueId: string;
  /** As it counts now: the queue's, or the call's own. */
  priority: number;
}

export interface LineSnapshot {
  /** For whom no phone rings, in the order in which they are served: position 1 is the next. */
  waiting: (LineView & { position: number; passedOver: string | null; expectedWaitSeconds: number | null })[];
  /** For whom phones ring. */
  ringing: (LineView & { operatorIds: string[] })[];
  operators: {
    operator: Operator;
    desk: Desk | null;
    state: OperatorState;
    /** Why he is paused, also while a call keeps him. */
    reason: string | null;
    /** His phone rang unanswered; he did not ask for the pause. */
    automatic: boolean;
    since: number;
    callId: string | null;
  }[];
}

/** The mailbox of operators and waiting line. Told synchronously, it answers by inputs to the calls. */
export interface WaitingLine {
  enter(callId: string, since: number, queue?: CallQueue): void;
  leave(callId: string): void;
  /** Puts a call elsewhere than its queue would, also before it enters; holds until it is over. */
  rank(callId: string, rank: Rank): void;
  /** Of an assignment, or of a reservation. */
  outcome(operatorId: string, assignmentId: string, outcome: AssignmentOutcome): void;
  /** Whom another controller's line gave a call that is this one's now. */
  keep(kept: Kept): void;
  /** Answered by `reserved` or `refused`, before this returns unless the line is being told something already. */
  reserve(request: ReserveRequest): void;
  operators(list: Operator[]): void;
  desks(list: Desk[]): void;
  registered(account: string, registered: boolean): void;
  /** The phone is in a call that is none of this controller's. */
  inUse(account: string, inUse: boolean): void;
  /** Null: done. */
  logIn(operatorId: string, deskId: string): LogInRefusal | null;
  logOut(operatorId: string): 'done' | 'after-call' | 'not-logged-in' | 'unknown-operator';
  /** False: there is no such operator. */
  pause(operatorId: string, reason: string, automatic?: boolean): boolean;
  resume(operatorId: string): boolean;
  /** The desk with this account and who is logged in there; undefined if there is no such desk. */
  atDesk(account: string): { desk: Desk; operator: Operator | null } | undefined;
  snapshot(): LineSnapshot;
  /** Somebody is at his desk: his phone is registered, and he is not paused. */
  staffed(): boolean;
  stop(): void;
}

export interface LineDeps {
  clock: Clock;
  logger: Logger;
  policies: () => LinePolicies;
  /** False when the call is not here any more. */
  assigned: (
    callId: string,
    assignment: { assignmentId: string; operatorId: string; account: string; together: boolean },
  ) => boolean;
  changed: (status: OperatorStatus, state: OperatorState, reason: string | null, at: number) => void;
  /** False when the call is not here any more. */
  reserved: (
    callId: string,
    reservation: { requestId: string; operatorId: string; assignmentId: string; account: string },
  ) => boolean;
  refused: (callId: string, requestId: string, reason: ReserveRefusal) => void;
  /** The call has waited so long that another centre is to be asked as well; it stays in the line. */
  toBackupCentre: (callId: string) => void;
  alert: (alert: LineAlert) => void;
  /** He has let his phone ring so often in a row. */
  unanswered: (operatorId: string, count: number) => void;
  placed: (callId: string, place: Place) => void;
  /** The line took an input, whatever it was: what it knows may be other than before. Called last. */
  told: () => void;
}

export function createLine(deps: LineDeps): WaitingLine {
  const { clock, logger, policies } = deps;
  // Assignments of an earlier process start must not be taken for this one's.
  let line: Line = { ...emptyLine, assignments: clock.now() };
  let passedOver: LineDecision['passedOver'] = [];
  const inputs: { waiting: LineInput[]; busy: boolean } = { waiting: [], busy: false };
  let wake: Cancel | null = null;

  const tell = (input: LineInput): void => tellInTurn(inputs, input, take);

  const take = (input: LineInput): void => {
    const decision = decideLine(line, input, policies());
    line = decision.line;
    passedOver = decision.passedOver;
    wake?.();
    wake = null;
    if (decision.wakeAt !== null) {
      wake = clock.after(Math.max(0, decision.wakeAt - clock.now()), () => tell({ type: 'timer', at: clock.now() }));
    }
    tellOperators(decision, input.at);
    tellCalls(decision);
    for (const alert of decision.alerts) deps.alert(alert);
    for (const { operatorId, count } of decision.unanswered) deps.unanswered(operatorId, count);
    deps.told();
  };

  const tellOperators = (decision: LineDecision, at: number): void => {
    for (const { operatorId, state, reason } of decision.changed) {
      const status = decision.line.operators[operatorId];
      if (status !== undefined) deps.changed(status, state, reason, at);
    }
  };

  const tellCalls = (decision: LineDecision): void => {
    for (const { callId, ...assignment } of decision.assigned) {
      if (!deps.assigned(callId, assignment)) notHere(callId, assignment);
    }
    for (const { callId, ...reservation } of decision.reserved) {
      if (!deps.reserved(callId, reservation)) notHere(callId, reservation);
    }
    for (const { callId, requestId, reason } of decision.refused) deps.refused(callId, requestId, reason);
    for (const callId of decision.toBackupCentre) deps.toBackupCentre(callId);
    for (const { callId, ...place } of decision.places) deps.placed(callId, place);
  };

  const notHere = (
    callId: string,
    { operatorId, assignmentId }: { operatorId: string; assignmentId: string },
  ): void => {
    logger.warn({ callId, operatorId }, 'an operator was assigned to a call that is over');
    inputs.waiting.push({ type: 'outcome', at: clock.now(), operatorId, assignmentId, outcome: 'not-needed' });
  };

  return {
    enter: (callId, since, queue = emergencyQueue) => tell({ type: 'enter', at: clock.now(), callId, since, queue }),
    leave: (callId) => tell({ type: 'leave', at: clock.now(), callId }),
    rank: (callId, rank) => tell({ type: 'rank', at: clock.now(), callId, ...rank }),
    outcome: (operatorId, assignmentId, outcome) =>
      tell({ type: 'outcome', at: clock.now(), operatorId, assignmentId, outcome }),
    keep: (kept) => tell({ type: 'keep', at: clock.now(), ...kept }),
    reserve: (request) => tell({ type: 'reserve', at: clock.now(), ...request }),
    operators: (list) => tell({ type: 'operators', at: clock.now(), operators: list }),
    desks: (list) => tell({ type: 'desks', at: clock.now(), desks: list }),
    registered(account, registered) {
      if (Object.hasOwn(line.registered, account) !== registered) {
        tell({ type: 'registered', at: clock.now(), account, registered });
      }
    },
    inUse(account, inUse) {
      if (Object.hasOwn(line.inUse, account) !== inUse) tell({ type: 'in-use', at: clock.now(), account, inUse });
    },
    logIn(operatorId, deskId) {
      const refusal = whyNotLogIn(line, operatorId, deskId);
      if (refusal === null) tell({ type: 'log-in', at: clock.now(), operatorId, deskId });
      return refusal;
    },
    logOut(operatorId) {
      const status = line.operators[operatorId];
      if (status === undefined) return 'unknown-operator';
      if (status.deskId === null) return 'not-logged-in';
      const answer = status.engaged === null ? 'done' : 'after-call';
      tell({ type: 'log-out', at: clock.now(), operatorId });
      return answer;
    },
    pause(operatorId, reason, automatic = false) {
      tell({ type: 'pause', at: clock.now(), operatorId, reason, automatic });
      return line.operators[operatorId] !== undefined;
    },
    resume(operatorId) {
      tell({ type: 'resume', at: clock.now(), operatorId });
      return line.operators[operatorId] !== undefined;
    },
    atDesk(account) {
      const desk = deskWith(line, account);
      return desk === undefined ? undefined : { desk, operator: personAt(line, desk.id)?.operator ?? null };
    },
    staffed: () => Object.values(line.operators).some((status) => isAvailable(line, status)),
    snapshot: () => snapshotOf(line, passedOver, clock.now(), policies()),
    stop: () => wake?.(),
  };
}

function snapshotOf(
  line: Line,
  passedOver: LineDecision['passedOver'],
  at: number,
  policies: LinePolicies,
): LineSnapshot {
  const ordered = (place: 'waiting' | 'ringing') => inOrder(callsIn(line, place), at, policies);
  const waiting = ordered('waiting');
  const expected = waiting.length === 0 ? () => null : expectedWait(line, at, policies);
  const viewOf = ({ callId, since, queue, priority }: WaitingCall): LineView => ({
    callId,
    since,
    queueId: queue.id,
    priority,
  });
  return {
    waiting: waiting.map((call, index) => ({
      ...viewOf(call),
      position: index + 1,
      passedOver: passedOver.find((one) => one.callId === call.callId)?.reason ?? null,
      expectedWaitSeconds: expected(call, index + 1),
    })),
    ringing: ordered('ringing').map((call) => ({
      ...viewOf(call),
      operatorIds: takersOf(line, call.callId).map(({ operator }) => operator.id),
    })),
    operators: Object.values(line.operators).map((status) => ({
      operator: status.operator,
      desk: status.deskId === null ? null : (line.desks[status.deskId]?.desk ?? null),
      state: stateOf(line, status),
      reason: status.paused?.reason ?? null,
      automatic: status.paused?.automatic ?? false,
      since: Math.max(status.since, inUseSince(line, status) ?? 0),
      callId: status.engaged?.callId ?? null,
    })),
  };
}
