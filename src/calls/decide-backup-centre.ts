import { backupCentreId } from '../dispatch/backup-centre.ts';
import { decideDispatch } from '../dispatch/decide.ts';
import { isPending } from '../dispatch/dispatch.ts';
import { applyDispatchStep, contextOf } from './apply-dispatch.ts';
import type { Step } from './step.ts';

/** An operator of our own has answered: nobody else need be rung. */
export function withdrawBackupCentre(step: Step): void {
  const { call } = step;
  for (const dispatch of call.dispatches) {
    if (dispatch.agencyId !== backupCentreId || !isPending(dispatch) || dispatch.state === 'accepted') continue;
    const cancelled = decideDispatch(dispatch, { type: 'cancel', at: step.at, reason: 'cancelled' }, contextOf(call));
    applyDispatchStep(step, cancelled);
  }
}
