// A supervisor in the bridge becomes the call's operator. The caller and the bridge stay as they are.

import { endHold, forgetOperator, operatorLeaves } from './decide-hold.ts';
import { withdrawBackupCentre } from './decide-backup-centre.ts';
import { leaveLine, stopRinging } from './line.ts';
import { agenciesIn } from './company.ts';
import { bargingLegs } from './monitor.ts';
import { tell, type Step } from './step.ts';

/**
 * Who speaks to the caller without another operator is the call's operator; so is who takes over, and then the other one
 * leaves. His place as a speaker is one and the same: nobody in the bridge notices.
 */
export function becomeOperator(step: Step): void {
  const { call } = step;
  const here = bargingLegs(call.monitors, 'joined').filter((channelId) => !call.joining.includes(channelId));
  if (here.length === 0 || call.bridge === null) return;
  // Without the caller, only an agency's person is a reason to go on.
  const waits = call.caller.joined || call.hold !== null;
  const others = call.caller.live ? waits : agenciesIn(call).length > 0;
  if (!others) return;
  const there = call.monitors.filter(({ channelId }) => here.includes(channelId));
  const alone = call.operator === null || call.operator.state === 'ringing';
  const heir = there.find(({ takesOver }) => takesOver) ?? (alone ? there[0] : undefined);
  if (heir === undefined || heir.operatorId === null || heir.assignmentId === null) return;
  const { id: monitorId, operatorId, assignmentId, channelId } = heir;
  leaveLine(step);
  withdrawBackupCentre(step);
  delete call.timers.pop;
  if (call.operator?.state === 'ringing') stopRinging(step);
  operatorLeaves(step, { takenOverBy: operatorId });
  forgetOperator(call);
  call.monitors = call.monitors.filter((one) => one !== heir);
  Reflect.deleteProperty(call.timers, `monitor:${monitorId}`);
  call.operator = {
    operatorId,
    assignmentId,
    channelId,
    assignedAt: step.at,
    state: 'joined',
    popped: true,
    ringingAt: null,
    talkingAt: step.at,
  };
  call.talkedWith = operatorId;
  if (call.caller.live) call.firstTalkAt ??= step.at;
  tell(step, 'monitor.ended', { monitorId, operatorId, mode: 'barge', reason: "he is the call's operator" });
  tell(step, 'operator.talking', { operatorId });
  // He came for the caller, whom the other one let wait.
  endHold(step, 'taken-over', operatorId);
}
