import type { WaitingLine } from '../acd/mailbox.ts';
import type { CodeActions, DeskLine } from './carry-out.ts';

/** The line as far as it knows desks: each operator has his own, and is always logged in there. */
export function deskLine(line: WaitingLine): DeskLine {
  return {
    atDesk(account) {
      const found = line.snapshot().operators.find(({ operator }) => operator.account === account);
      return found && { desk: { id: found.operator.id }, operator: found.operator };
    },
    logIn: () => false,
    logOut: () => false,
    pause: (operatorId, reason) => line.pause(operatorId, reason),
    resume: (operatorId) => line.resume(operatorId),
  };
}

/** What codes need of rooms that cannot do it yet: nobody has a PIN, and nobody may dial out. */
export function deskSeams(line: () => WaitingLine): Pick<CodeActions, 'line' | 'checkPin' | 'outgoing'> {
  return { line: () => deskLine(line()), checkPin: () => Promise.resolve(null), outgoing: () => false };
}
