import type { WaitingLine } from '../acd/mailbox.ts';
import type { OutgoingRoom, Reservations } from './start.ts';

/**
 * The waiting line as calls to the outside see it. Stands in for the line's own `reserve` until that is there: it finds a
 * free operator, and keeps him for nobody.
 */
export function reservationsOf(line: WaitingLine, room: () => OutgoingRoom): Reservations {
  return {
    reserve({ callId, requestId, target, evenPaused, occupied }) {
      const { waiting, operators } = line.snapshot();
      const states = ['available', ...(evenPaused ? ['paused', 'wrap-up'] : []), ...(occupied ? ['offline'] : [])];
      const found = operators.find(
        ({ operator, state }) =>
          states.includes(state) && (!('operatorId' in target) || target.operatorId === operator.id),
      );
      if (found === undefined || (!('operatorId' in target) && waiting.length > 0)) {
        room().refused(callId, 'operatorId' in target ? 'busy' : 'no operator is free');
        return;
      }
      const { id: operatorId, account } = found.operator;
      room().reserved(callId, { operatorId, assignmentId: `${operatorId}.${requestId}`, account });
    },
    outcome: (operatorId, assignmentId, outcome) => line.outcome(operatorId, assignmentId, outcome),
    callersWait: () => line.snapshot().waiting.length > 0,
    knowsOperator: (operatorId) => line.snapshot().operators.some(({ operator }) => operator.id === operatorId),
  };
}
