// Asterisk did not do what it was told. It changes nothing by itself: what is to be mended is decided where it was wanted.

import { isTalking, operatorLegs } from './company.ts';
import type { CallInput, CommandFailure } from './call-input.ts';
import { callerLeft, giveBack, reopen } from './decide-end.ts';
import { agencyInput, agencyMuteFailed } from './decide-dispatch.ts';
import { monitorCommandFailed } from './decide-monitor-leg.ts';
import { challengeUnheard } from './decide-challenge.ts';
import { joinFailed, rebuildBridge } from './decide-join.ts';
import { notListening } from './decide-silent.ts';
import { holdFailed, muteFailed } from './decide-hold.ts';
import { partyOf, partyRingFailed } from './decide-party.ts';
import { notRung, operatorGone } from './decide-operator.ts';
import { hangUp, tell, type Step } from './step.ts';

type Failed = Extract<CallInput, { type: 'command-failed' }>;

/** Asterisk did not do what it was told: what that means for the call. */
export function commandFailed(step: Step, input: Failed): void {
  const { call } = step;
  const { command, target, failure } = input;
  tell(step, 'command.failed', { command, target, failure });
  if (command === 'return-to-dialplan') return returnFailed(step, failure);
  if (call.endedAt !== null || monitorCommandFailed(step, input)) return;
  switch (command) {
    case 'answer':
      return answerFailed(step, failure);
    case 'play':
    case 'music':
      return target === call.channelId ? soundFailed(step, command, failure) : undefined;
    case 'make-bridge':
      // A conflict says that it is there already; so does a caller who is in it.
      if (target !== call.bridge?.id || failure === 'conflict' || call.caller.joined) return;
      return rebuildBridge(step, 'no bridge could be made');
    case 'join':
      return joinFailed(step, target, failure, input.bridgeId);
    case 'leave-bridge':
      return leaveFailed(step, target, failure);
    case 'mute':
    case 'unmute':
      muteFailed(step, target, command === 'mute');
      return agencyMuteFailed(step, target, command === 'mute', failure === 'timeout');
    case 'deafen':
    case 'let-hear':
      // It would hear what is private, or nothing any more.
      hangUp(step, target);
      return agencyInput(step, { type: 'leg-gone', at: step.at, channelId: target, cause: 41 });
    case 'ring-outside':
    case 'ring-operator':
      return ringFailed(step, target, failure);
    case 'detect-talk':
      return notListening(step, failure);
    case 'announce':
    case 'count-packets':
    case 'stop-sound':
    case 'destroy-bridge':
    case 'hang-up':
    case 'ring-agency':
    case 'notify':
    case 'enter-line':
    case 'rank-in-line':
    case 'leave-line':
    case 'keep-operator':
    case 'operator-outcome':
    case 'reserve-operator':
    case 'ring-supervisor':
    case 'snoop':
    case 'tie-to-caller':
    case 'whisper':
    case 'look-up-target':
      return;
  }
}

function answerFailed(step: Step, failure: CommandFailure): void {
  const { call } = step;
  if (failure === 'gone' || failure === 'conflict') return callerLeft(step, false);
  if (call.answeredAt === null && !isTalking(call)) giveBack(step, 'the call could not be answered', true);
}

function soundFailed(step: Step, command: 'play' | 'music', failure: CommandFailure): void {
  const { call } = step;
  if (failure === 'gone' || failure === 'conflict') return callerLeft(step, false);
  // Nobody waits for the answer to what was never asked.
  if (command === 'play' && call.caller.sound?.name === 'challenge') return challengeUnheard(step);
  // Music is not tried again at once, but with the next assurance.
  if (command === 'play' && call.caller.sound?.name !== 'music') call.caller.sound = null;
}

function ringFailed(step: Step, target: string, failure: CommandFailure): void {
  const party = partyOf(step.call, target);
  if (party !== undefined) return partyRingFailed(step, party, failure);
  const operator = operatorLegs(step.call).find((leg) => leg.channelId === target);
  if (operator?.state !== 'ringing') return;
  // The id is taken: the phone rings already. So it does when it was heard to ring.
  if (failure === 'conflict' || (failure !== 'gone' && operator.ringingAt !== null)) return;
  // Without an answer in time nobody knows whether it rings.
  if (failure !== 'gone') hangUp(step, target);
  notRung(step, operator);
  operatorGone(step, target, 27);
}

/** A caller who was to be on hold is in the bridge still, unless he was not there any more. */
function leaveFailed(step: Step, target: string, failure: CommandFailure): void {
  if (target !== step.call.channelId || step.call.hold === null || failure === 'conflict') return;
  if (failure === 'gone') return callerLeft(step, false);
  holdFailed(step);
}

/**
 * The caller was to go to the dialplan and is still here: he is kept, for nobody else would be with him. Refused as if
 * he did not exist, or were elsewhere by now, he is kept as well until his leaving or his hang-up is told: it is within
 * moments, and should nothing be told, he is sent once more.
 */
function returnFailed(step: Step, failure: CommandFailure): void {
  const { call } = step;
  if (call.outcome !== 'returned' || !call.caller.live || call.caller.left) return;
  reopen(step);
  tell(step, 'call.kept', { reason: 'it could not be given back' });
  if (failure === 'gone' || failure === 'conflict') callerLeft(step, false);
}
