import { popScreen } from './decide-caller.ts';
import { challengeOver } from './decide-challenge.ts';
import { wakeDispatch } from './decide-dispatch.ts';
import { giveBack } from './decide-end.ts';
import { holdTimedOut } from './decide-hold.ts';
import { phoneHoldsLong } from './decide-phone-hold.ts';
import { joinTimedOut } from './decide-join.ts';
import { forgetTyped } from './decide-keys.ts';
import { monitorTimedOut } from './decide-monitor-leg.ts';
import { operatorRangOut } from './decide-operator.ts';
import { partyTimedOut } from './decide-party.ts';
import { isAsking, questionUnanswered } from './decide-silent.ts';
import { enterLine, wordsOfPlace } from './line.ts';
import { playToCaller, type Step } from './step.ts';

/** Words to a waiting caller are never longer, in milliseconds. */
const longestWords = 15_000;

/**
 * A limit of the call has come due: it is none any more, and its name goes to whoever waits for it. Every timer of a call
 * is named here; what its end means is decided where it was set.
 */
export function timeUp(step: Step, name: string): void {
  const { call } = step;
  // One that was set anew or called off while it was on its way here is not due.
  const due = Object.entries(call.timers).find(([timer]) => timer === name)?.[1];
  if (due === undefined || step.at < due) return;
  Reflect.deleteProperty(call.timers, name);
  switch (name) {
    case 'ring':
      return operatorRangOut(step);
    case 'join':
      return joinTimedOut(step);
    case 'comfort':
      return comfort(step);
    case 'line':
      if (call.line === null) return;
      enterLine(step);
      call.timers.line = step.at + call.timing.lineCheck;
      return;
    case 'silence':
    case 'packets':
    case 'media':
      // What is due is done whenever it is seen to be.
      return;
    case 'question':
      return questionUnanswered(step);
    case 'hold':
      return holdTimedOut(step);
    case 'phone-hold':
      return phoneHoldsLong(step);
    case 'typed':
      return forgetTyped(call);
    case 'pop':
      return popScreen(step);
    case 'challenge':
      return challengeOver(step);
    case 'left':
      // Were it only a suspicion, he would be nowhere: he is sent. Refused, he had gone already.
      return giveBack(step, 'the channel left the application', !call.caller.left);
    default:
      if (name.startsWith('monitor:')) return monitorTimedOut(step, name);
      if (name.startsWith('party:')) return partyTimedOut(step, name);
      wakeDispatch(step, name);
  }
}

/** A word to one who waits or is on hold, and the limit for the next. */
function comfort(step: Step): void {
  const { call } = step;
  if (call.hold !== null) playToCaller(step, 'on-hold');
  else if (call.line === null) return;
  else if (!isAsking(call)) playToCaller(step, 'please-wait', wordsOfPlace(call));
  // Should nobody say when the sound has ended, the next one comes all the same.
  call.timers.comfort = step.at + call.timing.comfort + longestWords;
}
