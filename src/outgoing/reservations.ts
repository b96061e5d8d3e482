import type { WaitingLine } from '../acd/mailbox.ts';
import type { ReservationOutcome } from './outgoing.ts';

/** The waiting line, as far as calls to the outside need it. */
export interface Reservations {
  /** Answered by the room's `reserved` or `refused`. A reservation is freed by an outcome, like an assignment. */
  reserve(request: {
    requestId: string;
    callId: string;
    target: { operatorId: string } | { any: true };
    evenPaused: boolean;
    /** He is on his phone already, which is not to be rung. */
    occupied: boolean;
  }): void;
  outcome(operatorId: string, assignmentId: string, outcome: ReservationOutcome): void;
  /** Somebody waits for an operator. */
  callersWait(): boolean;
  knowsOperator(operatorId: string): boolean;
  /** He could be rung at once. */
  isFree(operatorId: string): boolean;
}

/** Who asks the line for operators, and hears its answers by the id of what it asked for. */
export interface Reserving {
  /** False: nothing here has asked, and the operator is free. */
  readonly reserved: (
    id: string,
    reservation: { operatorId: string; assignmentId: string; account: string },
  ) => boolean;
  /** False: nothing here has asked. */
  readonly refused: (id: string, reason: string) => boolean;
}

/** The waiting line as calls to the outside see it. */
export function reservationsOf(line: WaitingLine): Reservations {
  return {
    reserve: (request) => line.reserve(request),
    outcome: (operatorId, assignmentId, outcome) => line.outcome(operatorId, assignmentId, outcome),
    callersWait: () => line.snapshot().waiting.length > 0,
    isFree: (operatorId) =>
      line.snapshot().operators.some(({ operator, state }) => operator.id === operatorId && state === 'available'),
    knowsOperator: (operatorId) => line.snapshot().operators.some(({ operator }) => operator.id === operatorId),
  };
}
