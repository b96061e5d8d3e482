import type { Cancel, Clock } from '../platform/clock.ts';
import type { Logger } from '../platform/logger.ts';
import { decideLine, type AssignmentOutcome, type LineInput, type LineTiming, type ReserveTarget } from './decide.ts';
import { emptyLine, stateOf, type Line, type Operator, type OperatorState, type WaitingCall } from './operator.ts';

export interface LineSnapshot {
  waiting: WaitingCall[];
  operators: {
    operator: Operator;
    state: OperatorState;
    reason: string | null;
    since: number;
    callId: string | null;
  }[];
}

/** The mailbox of operators and waiting line. Told synchronously, it answers by inputs to the calls. */
export interface WaitingLine {
  enter(callId: string, since: number): void;
  leave(callId: string): void;
  outcome(operatorId: string, assignmentId: string, outcome: AssignmentOutcome): void;
  /** Answered by `reserved` or `refused`, before this returns unless the line is being told something already. */
  reserve(request: { requestId: string; callId: string; target: ReserveTarget; evenPaused: boolean }): void;
  operators(list: Operator[]): void;
  registered(account: string, registered: boolean): void;
  pause(operatorId: string, reason: string): boolean;
  resume(operatorId: string): boolean;
  snapshot(): LineSnapshot;
  /** Somebody is at his desk: his phone is registered, and he is not paused. */
  staffed(): boolean;
  stop(): void;
}

export interface LineDeps {
  clock: Clock;
  logger: Logger;
  timing: () => LineTiming;
  /** False when the call is not here any more. */
  assigned: (callId: string, assignment: { assignmentId: string; operatorId: string; account: string }) => boolean;
  /** False when the call is not here any more. */
  reserved?: (
    callId: string,
    reservation: { requestId: string; operatorId: string; assignmentId: string; account: string },
  ) => boolean;
  refused?: (callId: string, requestId: string, reason: string) => void;
  changed: (operator: Operator, state: OperatorState, reason: string | null, at: number) => void;
}

export function createLine(deps: LineDeps): WaitingLine {
  const { clock, logger, timing } = deps;
  // Assignments of an earlier process start must not be taken for this one's.
  let line: Line = { ...emptyLine, assignments: clock.now() };
  const inputs: LineInput[] = [];
  let busy = false;
  let wake: Cancel | null = null;

  const tell = (input: LineInput): void => {
    inputs.push(input);
    if (busy) return;
    busy = true;
    try {
      for (let next = inputs.shift(); next !== undefined; next = inputs.shift()) take(next);
    } finally {
      busy = false;
    }
  };

  const take = (input: LineInput): void => {
    const decision = decideLine(line, input, timing());
    line = decision.line;
    wake?.();
    wake = null;
    if (decision.wakeAt !== null) {
      wake = clock.after(Math.max(0, decision.wakeAt - clock.now()), () => tell({ type: 'timer', at: clock.now() }));
    }
    for (const change of decision.changed) {
      const status = line.operators[change.operatorId];
      if (status !== undefined) deps.changed(status.operator, change.state, change.reason, input.at);
    }
    for (const { callId, ...reservation } of decision.reserved) {
      if (deps.reserved?.(callId, reservation) === true) continue;
      const { operatorId, assignmentId } = reservation;
      inputs.push({ type: 'outcome', at: clock.now(), operatorId, assignmentId, outcome: 'not-needed' });
    }
    for (const { callId, requestId, reason } of decision.refused) deps.refused?.(callId, requestId, reason);
    for (const { callId, operatorId, assignmentId, account } of decision.assigned) {
      if (deps.assigned(callId, { assignmentId, operatorId, account })) continue;
      logger.warn({ callId, operatorId }, 'an operator was assigned to a call that is over');
      inputs.push({ type: 'outcome', at: clock.now(), operatorId, assignmentId, outcome: 'not-needed' });
    }
  };

  return {
    enter: (callId, since) => tell({ type: 'enter', at: clock.now(), callId, since }),
    leave: (callId) => tell({ type: 'leave', at: clock.now(), callId }),
    outcome: (operatorId, assignmentId, outcome) =>
      tell({ type: 'outcome', at: clock.now(), operatorId, assignmentId, outcome }),
    reserve: (request) => tell({ type: 'reserve', at: clock.now(), ...request }),
    operators: (list) => tell({ type: 'operators', at: clock.now(), operators: list }),
    registered: (account, registered) => tell({ type: 'registered', at: clock.now(), account, registered }),
    pause(operatorId, reason) {
      tell({ type: 'pause', at: clock.now(), operatorId, reason });
      return line.operators[operatorId] !== undefined;
    },
    resume(operatorId) {
      tell({ type: 'resume', at: clock.now(), operatorId });
      return line.operators[operatorId] !== undefined;
    },
    staffed: () => Object.values(line.operators).some((one) => one.registered && one.pausedFor === null),
    snapshot: () => ({
      waiting: [...line.waiting].sort((a, b) => a.since - b.since),
      operators: Object.values(line.operators).map((status) => ({
        operator: status.operator,
        state: stateOf(status),
        reason: status.pausedFor,
        since: status.since,
        callId: status.engaged?.callId ?? null,
      })),
    }),
    stop: () => wake?.(),
  };
}
