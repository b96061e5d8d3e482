// Whose the operator is whom the line reserved: a supervisor's, a party's, or one's who returns. Wanted by nobody, he is free again.

import { isOnCall } from './company.ts';
import type { CallInput } from './call-input.ts';
import { returnNotReserved, returnReserved } from './decide-leave.ts';
import { reservationRefused, supervisorReserved } from './decide-monitor.ts';
import { partyNotReserved, partyReserved } from './decide-party.ts';
import { report, type Step } from './step.ts';

/** The line has reserved an operator: for whom nobody waits any more is free again. */
export function reserved(step: Step, input: Extract<CallInput, { type: 'operator-reserved' }>): void {
  // He is on this call by the same assignment: the word came twice.
  if (isOnCall(step.call, input.assignmentId)) return;
  if (!supervisorReserved(step, input) && !partyReserved(step, input) && !returnReserved(step, input))
    report(step, input, 'not-needed');
}

/** The line has nobody for this request, whosever it is. */
export function notReserved(step: Step, input: Extract<CallInput, { type: 'reservation-refused' }>): void {
  reservationRefused(step, input.requestId, input.reason);
  partyNotReserved(step, input.requestId, input.reason);
  returnNotReserved(step, input.requestId, input.reason);
}
