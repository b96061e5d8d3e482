// What has to hold after every input, whatever it was. New laws of a call are kept here, and checked on random histories.

import { company, isTalking, unheardAgencies } from './company.ts';
import { endIfDeserted } from './decide-end.ts';
import { stillHere } from './decide-join.ts';
import { watchMedia } from './decide-media.ts';
import { watchPhoneHold } from './decide-phone-hold.ts';
import { watchSilence } from './decide-silent.ts';
import { settleMonitors } from './decide-monitor-hear.ts';
import { settleParties } from './decide-party-end.ts';
import { settlePrivate } from './decide-private.ts';
import { becomeOperator } from './decide-take-over.ts';
import { alone, destroyReplaced } from './line.ts';
import { musicToCaller, report, silence, tell, type Step } from './step.ts';

/** What has to hold after every input, whatever it was and in whatever order things came. */
export function settle(step: Step): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  becomeOperator(step);
  settleParties(step);
  settlePrivate(step);
  watchPhoneHold(step);
  settleMonitors(step);
  forgetJoins(step);
  if (!call.caller.live) {
    watchSilence(step);
    watchMedia(step);
    return endIfDeserted(step);
  }
  if (isTalking(call)) talking(step);
  watchSilence(step);
  watchMedia(step);
  keepCompany(step);
}

/** Nobody waits for the join of a leg that is out of the call, nor for the caller's when there is nobody to join. */
function forgetJoins(step: Step): void {
  const { call } = step;
  const others = company(call);
  const caller = call.caller.live && call.hold === null && others.length > 0 ? [call.channelId] : [];
  const expected = [...caller, ...others, ...unheardAgencies(call)];
  call.joining = call.joining.filter((channelId) => expected.includes(channelId));
  if (call.joining.length > 0) return;
  delete call.timers.join;
  destroyReplaced(step);
}

function talking(step: Step): void {
  const { call } = step;
  const { operator } = call;
  // A suspicion that he had left, from before: who talks is not taken from his conversation for it.
  stillHere(call);
  call.firstTalkAt ??= step.at;
  if (call.joining.length === 0) call.counters.rebuilt = 0;
  if (operator?.state !== 'joined' || operator.talkingAt !== null) return;
  operator.talkingAt = step.at;
  call.talkedWith = operator.operatorId;
  tell(step, 'operator.talking', { operatorId: operator.operatorId });
  report(step, operator, 'talking');
}

/** The caller hears those who took his call and nothing else; on hold, or with nobody there, he hears music. */
function keepCompany(step: Step): void {
  const { call } = step;
  if (call.hold === null && company(call).length > 0) silence(step);
  alone(step);
  const heard = call.hold === null && company(call).length > 0;
  if (!heard && call.caller.sound === null && call.timers.left === undefined) musicToCaller(step);
}
