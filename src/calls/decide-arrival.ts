// The caller's channel comes into the application. It answers, makes the bridge and hands the caller to the line.

import { tellOfArrival } from './decide-caller.ts';
import { arriveInLine, tellOfEarlier } from './decide-challenge.ts';
import { giveBack, reopen } from './decide-end.ts';
import { makeBridge } from './line.ts';
import { type Step, tell } from './step.ts';

/**
 * The caller's channel came into the application: for the first time, or back from the dialplan. He is answered, and
 * goes into the line; `up`: his call is answered already.
 */
export function arrived(step: Step, up: boolean): void {
  const { call } = step;
  if (!call.caller.live) return;
  // Gone to the dialplan and back, possibly before anybody here believed that he had gone.
  const again = call.outcome === 'returned' || call.timers.left !== undefined;
  if (!again && (call.endedAt !== null || call.bridge !== null)) return;
  if (again) {
    giveBack(step, 'the channel left the application', false);
    reopen(step);
  }
  tell(step, again ? 'call.taken-again' : 'call.arrived', {
    callerNumber: call.origin.callerNumber,
    carrier: call.origin.carrier,
    number: call.identity.number,
    notCallable: call.identity.notCallable,
    network: call.identity.network,
  });
  // One that has arrived before has a place in the line, or somebody who comes.
  const first = call.line === null && call.operator === null && call.dispatches.length === 0 && call.challenge === null;
  if (!again && first) {
    tellOfArrival(step);
    tellOfEarlier(step);
  }
  if (!up) step.effects.push({ do: 'answer', channelId: call.channelId });
  else call.answeredAt ??= step.at;
  makeBridge(step);
  arriveInLine(step, up);
}
