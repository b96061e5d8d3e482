// Whether the backup centre is rung for a call that waits, and that it is called off when an operator answers.

import { backupCentreId } from '../dispatch/backup-centre.ts';
import { decideDispatch } from '../dispatch/decide.ts';
import { isPending } from '../dispatch/dispatch.ts';
import { applyDispatchStep, contextOf } from './apply-dispatch.ts';
import type { Call } from './call.ts';
import type { Step } from './step.ts';

/** So often is it rung for one call, whatever the line forgets. */
const timesAtMost = 5;

/** Whether it may be rung for the call (again): not while it rings or talks, nor within `between` milliseconds. */
export function mayRingBackupCentre(call: Pick<Call, 'dispatches' | 'endedAt'>, at: number, between: number): boolean {
  const before = call.dispatches.filter(({ agencyId }) => agencyId === backupCentreId);
  const last = before.at(-1);
  if (call.endedAt !== null || before.length >= timesAtMost) return false;
  return last === undefined || (last.endedAt !== null && at - last.requestedAt >= between);
}

/** An operator of our own has answered: nobody else need be rung. */
export function withdrawBackupCentre(step: Step): void {
  const { call } = step;
  for (const dispatch of call.dispatches) {
    if (dispatch.agencyId !== backupCentreId || !isPending(dispatch) || dispatch.state === 'accepted') continue;
    const cancelled = decideDispatch(dispatch, { type: 'cancel', at: step.at, reason: 'cancelled' }, contextOf(call));
    applyDispatchStep(step, cancelled);
  }
}
