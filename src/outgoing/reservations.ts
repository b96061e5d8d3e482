import type { WaitingLine } from '../acd/mailbox.ts';
import type { Reservations } from './start.ts';

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
