// Every input goes to the file that decides it; after each, what has to hold is seen to (decide-always).

import { plainCopy } from '../platform/plain-copy.ts';
import type { Call } from './call.ts';
import { speakers } from './company.ts';
import type { CallEffect, Fact } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import { adopted } from './decide-adopted.ts';
import { settle } from './decide-always.ts';
import { arrived } from './decide-arrival.ts';
import { callerKnown, located, lookedUp } from './decide-caller.ts';
import { challengeHeard, ranked } from './decide-challenge.ts';
import {
  addDispatch,
  agencyInput,
  cancelDispatch,
  changeTheIncident,
  muteDispatch,
  notified,
} from './decide-dispatch.ts';
import { callerGone, callerLeft, cutOff, endCall, giveBack } from './decide-end.ts';
import { commandFailed } from './decide-failure.ts';
import { legJoined, stillHere } from './decide-join.ts';
import { askReturn, leave } from './decide-leave.ts';
import { keyPressed, legEntered, legGone, legRinging } from './decide-legs.ts';
import { askAssist, changeMonitor, endMonitoring, monitorRequested, takeOver } from './decide-monitor.ts';
import { mediaCounted } from './decide-media.ts';
import { monitorJoined } from './decide-monitor-leg.ts';
import { operatorAssigned } from './decide-operator.ts';
import { notReserved, reserved } from './decide-reserved.ts';
import { askSilent, packetsCounted, questionPlayed, talkDetected } from './decide-silent.ts';
import { whileTalking } from './decide-talk.ts';
import { timeUp } from './decide-timer.ts';
import { type Step, tell } from './step.ts';

/** The call's next state, what is to be done, and what is to be told. */
export interface Decision {
  call: Call;
  effects: CallEffect[];
  facts: Fact[];
}

/**
 * Decides what a call does with one input. Pure: no clock, no chance, no I/O; the call handed in is not changed.
 * Every input may come late, twice or never. For a caller who is on the line there is, after any sequence of inputs,
 * somebody who can speak to him, a place in the waiting line, a phone ringing with a time limit, or the dialplan.
 */
export function decide(before: Call, input: CallInput): Decision {
  const step: Step = { call: copyOf(before), at: input.at, effects: [], facts: [] };
  take(step, input);
  settle(step);
  noteWhoTalked(step);
  step.call.stage = stageOf(step.call);
  return { call: step.call, effects: step.effects, facts: step.facts };
}

/** What the network said, what was found out and what the settings were is replaced, never changed: it is shared, not copied. */
function copyOf(before: Call): Call {
  const { origin, identity, emergency, location, history, queue, timing, earlier, ...changing } = before;
  const shared = { origin, identity, emergency, location, history, queue, timing, earlier };
  return { ...plainCopy(changing), ...shared };
}

function take(step: Step, input: CallInput): void {
  const { call } = step;
  switch (input.type) {
    case 'arrived':
      return arrived(step, input.up);
    case 'caller-up':
      if (call.answeredAt === null && call.caller.live) {
        call.answeredAt = step.at;
        tell(step, 'call.answered');
        stillHere(call);
      }
      return;
    case 'caller-gone':
      return callerGone(step, input.cause);
    case 'caller-left':
      return callerLeft(step, true);
    case 'cut-off':
      return cutOff(step);
    case 'sound-ended':
      return soundEnded(step, input.soundId);
    case 'operator-assigned':
      return operatorAssigned(step, input);
    case 'placed':
      if (call.line !== null) call.place = { position: input.position, expectedWaitSeconds: input.expectedWaitSeconds };
      return;
    case 'ranked':
      return ranked(step, input);
    case 'hold':
    case 'resume':
    case 'mute':
    case 'held-by-phone':
    case 'party-requested':
    case 'party-refused':
    case 'party-changed':
    case 'party-ended':
      return whileTalking(step, input);
    case 'leg-ringing':
      return legRinging(step, input.channelId);
    case 'leg-entered':
      return legEntered(step, input.channelId);
    case 'leg-joined':
      if (input.bridgeId === call.bridge?.id) legJoined(step, input.channelId);
      return monitorJoined(step, input.channelId, input.bridgeId);
    case 'leg-gone':
      return legGone(step, input.channelId, input.cause);
    case 'key-pressed':
      return keyPressed(step, input.channelId, input.key);
    case 'talk-detected':
      return talkDetected(step, input.channelId, input.talking);
    case 'packets-counted':
      packetsCounted(step, input.channelId, input.received);
      return mediaCounted(step, input.channelId, input.received);
    case 'silent-asked':
      return askSilent(step, input.by);
    case 'ring-result':
      return agencyInput(step, {
        type: 'ring-result',
        at: input.at,
        attemptId: input.attemptId,
        ring: input.ring,
        channelId: input.attemptId,
      });
    case 'command-failed':
      return commandFailed(step, input);
    case 'timer':
      return timeUp(step, input.name);
    case 'located':
      return located(step, input.received);
    case 'caller-known':
      return callerKnown(step, input.history);
    case 'looked-up':
      return lookedUp(step);
    case 'incident-changed':
      return changeTheIncident(step, input);
    case 'dispatch-requested':
      return addDispatch(step, input.dispatch);
    case 'dispatch-cancelled':
      return cancelDispatch(step, input.dispatchId, input.by);
    case 'dispatch-muted':
      return muteDispatch(step, input.dispatchId, input.muted, input.by);
    case 'notified':
      return notified(step, input);
    case 'leave':
      return leave(step, input.by);
    case 'return':
      return askReturn(step, input);
    case 'hand-over':
      return giveBack(step, input.reason, true);
    case 'call-ended-by':
      tell(step, 'call.end-requested', { by: input.by });
      return endCall(step, 'ended by a person');
    case 'operator-reserved':
      return reserved(step, input);
    case 'reservation-refused':
      return notReserved(step, input);
    case 'monitor-requested':
      return monitorRequested(step, input);
    case 'monitor-changed':
      return changeMonitor(step, input.monitorId, input.mode, input.by);
    case 'monitor-ended':
      return endMonitoring(step, input.monitorId, input.by);
    case 'taken-over':
      return takeOver(step, input.monitorId, input.by);
    case 'assist-requested':
      return askAssist(step, input.by);
    case 'adopted':
      return adopted(step, input);
  }
}

function noteWhoTalked({ call, facts }: Step): void {
  for (const { type, detail } of facts) {
    const { operatorId } = detail;
    if ((type !== 'operator.talking' && type !== 'party.joined') || typeof operatorId !== 'string') continue;
    if (!call.talked.includes(operatorId)) call.talked.push(operatorId);
  }
}

function soundEnded(step: Step, soundId: string): void {
  const { call } = step;
  questionPlayed(step, soundId);
  if (call.caller.sound?.id !== soundId) return;
  if (call.caller.sound.name === 'challenge') challengeHeard(step);
  call.caller.sound = null;
  if (call.line !== null || call.hold !== null) call.timers.comfort = step.at + call.timing.comfort;
}

function stageOf(call: Call): Call['stage'] {
  if (call.outcome === 'returned') return 'returned';
  if (call.endedAt !== null) return 'ended';
  if (speakers(call).length > 0) return 'talking';
  return call.operator === null ? 'waiting' : 'ringing';
}
