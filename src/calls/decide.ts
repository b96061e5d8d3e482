import type { Call } from './call.ts';
import { operatorLegs, speakers } from './call.ts';
import type { CallEffect, Fact } from './call-effect.ts';
import type { CallInput } from './call-input.ts';
import { settle } from './decide-always.ts';
import { commandFailed } from './decide-failure.ts';
import { dispatchOfChannel } from './apply-dispatch.ts';
import { addDispatch, agencyInput, cancelDispatch, changeTheIncident, wakeDispatch } from './decide-dispatch.ts';
import { callerGone, callerLeft, endCall, giveBack, reopen } from './decide-end.ts';
import { joinTimedOut, legJoined, stillHere } from './decide-join.ts';
import {
  arriveInLine,
  challengeHeard,
  challengeKey,
  challengeOver,
  ranked,
  tellOfEarlier,
} from './decide-challenge.ts';
import { callerKnown, located, lookedUp, popScreen, tellOfArrival } from './decide-caller.ts';
import {
  askSilent,
  callerPressed,
  isAsking,
  packetsCounted,
  questionPlayed,
  questionUnanswered,
  talkDetected,
} from './decide-silent.ts';
import {
  askAssist,
  changeMonitor,
  endMonitoring,
  monitorEntered,
  monitorGone,
  monitorJoined,
  monitorRequested,
  monitorTimedOut,
  supervisorPressed,
  takeOver,
} from './decide-monitor.ts';
import { monitorOf } from './monitor.ts';
import { operatorAssigned, operatorEntered, operatorGone, operatorRangOut } from './decide-operator.ts';
import { enterLine, makeBridge, wordsOfPlace } from './line.ts';
import { hangUp, playToCaller, type Step, tell } from './step.ts';
import { forgetTyped, operatorTyped } from './decide-keys.ts';
import { holdTimedOut } from './decide-hold.ts';
import { phoneHoldsLong } from './decide-phone-hold.ts';
import { partyEntered, partyGone, partyOf, partyRinging, partyTimedOut } from './decide-party.ts';
import { notReserved, reserved } from './decide-reserved.ts';
import { whileTalking } from './decide-talk.ts';

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
  const step: Step = { call: structuredClone(before), at: input.at, effects: [], facts: [] };
  take(step, input);
  settle(step);
  step.call.stage = stageOf(step.call);
  return { call: step.call, effects: step.effects, facts: step.facts };
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
      return packetsCounted(step, input.received);
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
  }
}

function arrived(step: Step, up: boolean): void {
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

function legRinging(step: Step, channelId: string): void {
  const { call } = step;
  const operator = operatorLegs(call).find((leg) => leg.channelId === channelId);
  if (operator !== undefined) {
    if (operator.ringingAt !== null) return;
    operator.ringingAt = step.at;
    call.counters.unrung = 0;
    tell(step, 'operator.ringing', { operatorId: operator.operatorId });
    return;
  }
  const party = partyOf(call, channelId);
  if (party !== undefined) return partyRinging(step, party);
  if (dispatchOfChannel(call, channelId) !== undefined) {
    return agencyInput(step, { type: 'leg-ringing', at: step.at, channelId });
  }
  if (monitorOf(call.monitors, channelId) !== undefined) return;
  notWanted(step, channelId);
}

function legEntered(step: Step, channelId: string): void {
  const { call } = step;
  if (operatorLegs(call).some((leg) => leg.channelId === channelId)) return operatorEntered(step, channelId);
  const party = partyOf(call, channelId);
  if (party !== undefined) return partyEntered(step, party);
  if (dispatchOfChannel(call, channelId) !== undefined) {
    return agencyInput(step, { type: 'leg-entered', at: step.at, channelId });
  }
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return monitorEntered(step, monitor, channelId);
  notWanted(step, channelId);
}

function legGone(step: Step, channelId: string, cause: number): void {
  const { call } = step;
  if (channelId === call.channelId) return callerGone(step, cause);
  if (operatorLegs(call).some((leg) => leg.channelId === channelId)) return operatorGone(step, channelId, cause);
  const party = partyOf(call, channelId);
  if (party !== undefined) return partyGone(step, party, cause);
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return monitorGone(step, monitor, channelId, cause);
  agencyInput(step, { type: 'leg-gone', at: step.at, channelId, cause });
}

function keyPressed(step: Step, channelId: string, key: string): void {
  const { call } = step;
  tell(step, 'key.pressed', { key, by: whoIs(call, channelId) });
  if (channelId === call.channelId) {
    challengeKey(step, key);
    return callerPressed(step, key);
  }
  if (channelId === call.operator?.channelId) return operatorTyped(step, key);
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return supervisorPressed(step, monitor, key);
  agencyInput(step, { type: 'key-pressed', at: step.at, channelId, key });
}

/** A phone that rings or answers after its ring was called off: nobody waits for it. */
function notWanted(step: Step, channelId: string): void {
  if (channelId !== step.call.channelId) hangUp(step, channelId, 'answered-elsewhere');
}

function soundEnded(step: Step, soundId: string): void {
  const { call } = step;
  questionPlayed(step, soundId);
  if (call.caller.sound?.id !== soundId) return;
  if (call.caller.sound.name === 'challenge') challengeHeard(step);
  call.caller.sound = null;
  if (call.line !== null || call.hold !== null) call.timers.comfort = step.at + call.timing.comfort;
}

/** Words to a waiting caller are never longer, in milliseconds. */
const longestWords = 15_000;

function timeUp(step: Step, name: string): void {
  const { call } = step;
  // One that was set anew or called off while it was on its way here is not due.
  const due = Object.entries(call.timers).find(([timer]) => timer === name)?.[1];
  if (due === undefined || step.at < due) return;
  switch (name) {
    case 'ring':
      delete call.timers.ring;
      return operatorRangOut(step);
    case 'join':
      delete call.timers.join;
      return joinTimedOut(step);
    case 'comfort':
      delete call.timers.comfort;
      if (call.hold !== null) playToCaller(step, 'on-hold');
      else if (call.line === null) return;
      else if (!isAsking(call)) playToCaller(step, 'please-wait', wordsOfPlace(call));
      // Should nobody say when the sound has ended, the next one comes all the same.
      call.timers.comfort = step.at + call.timing.comfort + longestWords;
      return;
    case 'line':
      delete call.timers.line;
      if (call.line === null) return;
      enterLine(step);
      call.timers.line = step.at + call.timing.lineCheck;
      return;
    case 'silence':
    case 'packets':
      // What is due is done whenever it is seen to be.
      Reflect.deleteProperty(call.timers, name);
      return;
    case 'question':
      delete call.timers.question;
      return questionUnanswered(step);
    case 'hold':
      delete call.timers.hold;
      return holdTimedOut(step);
    case 'phone-hold':
      delete call.timers['phone-hold'];
      return phoneHoldsLong(step);
    case 'typed':
      return forgetTyped(call);
    case 'pop':
      return popScreen(step);
    case 'challenge':
      return challengeOver(step);
    case 'left':
      delete call.timers.left;
      // Were it only a suspicion, he would be nowhere: he is sent. Refused, he had gone already.
      return giveBack(step, 'the channel left the application', !call.caller.left);
    default:
      if (name.startsWith('monitor:')) return monitorTimedOut(step, name);
      if (name.startsWith('party:')) return partyTimedOut(step, name);
      wakeDispatch(step, name);
  }
}

function stageOf(call: Call): Call['stage'] {
  if (call.outcome === 'returned') return 'returned';
  if (call.endedAt !== null) return 'ended';
  if (speakers(call).length > 0) return 'talking';
  return call.operator === null ? 'waiting' : 'ringing';
}

function whoIs(call: Call, channelId: string): string {
  if (channelId === call.channelId) return 'caller';
  if (channelId === call.operator?.channelId) return 'operator';
  if (monitorOf(call.monitors, channelId) !== undefined) return 'supervisor';
  if (partyOf(call, channelId) !== undefined) return 'party';
  return dispatchOfChannel(call, channelId)?.agencyId ?? 'unknown';
}
