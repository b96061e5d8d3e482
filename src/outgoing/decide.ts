import { plainCopy } from '../platform/plain-copy.ts';
import type { OutgoingVerdict, RefusalReason } from './limits.ts';
import { noReservation, operatorEntered, operatorGone, reserved } from './decide-operator-leg.ts';
import { outsideEntered, outsideGone, ringing } from './decide-outside-leg.ts';
import type { OutgoingCall, OutgoingEffect, OutgoingFact, OutgoingInput, OutgoingTimer } from './outgoing.ts';
import { close, end, finish, play, type Step } from './step.ts';

export interface OutgoingDecision {
  call: OutgoingCall;
  effects: OutgoingEffect[];
  facts: OutgoingFact[];
}

/** Decides what an outgoing call does with one input. Pure; the call handed in is not changed. */
export function decideOutgoing(before: OutgoingCall, input: OutgoingInput): OutgoingDecision {
  const step: Step = { call: plainCopy(before), effects: [], facts: [], at: input.at };
  take(step, input);
  const { call, effects, facts } = step;
  return { call, effects, facts };
}

function take(step: Step, input: OutgoingInput): void {
  const { call } = step;
  if (call.endedAt !== null) return afterTheEnd(step, input);
  switch (input.type) {
    case 'begin':
      return begin(step, input.verdict);
    case 'reserved':
      return reserved(step, input);
    case 'reservation-refused':
      return noReservation(step, input.reason);
    case 'leg-ringing':
      if (input.channelId === call.outside.channelId) ringing(step);
      return;
    case 'leg-entered':
      if (input.channelId === call.operator.channelId) operatorEntered(step);
      if (input.channelId === call.outside.channelId) outsideEntered(step);
      return;
    case 'leg-gone':
      if (input.channelId === call.operator.channelId) operatorGone(step, input.cause);
      else if (input.channelId === call.outside.channelId) outsideGone(step, input.cause);
      return;
    case 'sound-ended':
      return soundEnded(step, input.soundId);
    case 'command-failed':
      return commandFailed(step, input.command);
    case 'end':
      return end(step, call.answeredAt === null ? 'cancelled' : 'answered', input.reason);
    case 'timer':
      return timeUp(step, input.name);
  }
}

/** What comes late must not leave an operator reserved, nor anybody on the line. */
function afterTheEnd(step: Step, input: OutgoingInput): void {
  const { call, effects } = step;
  if (input.type === 'reserved' && input.assignmentId !== call.assignment?.assignmentId) {
    const { operatorId, assignmentId } = input;
    effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome: 'not-needed' });
  }
  if (input.type === 'leg-entered') effects.push({ do: 'hang-up', channelId: input.channelId });
}

function begin(step: Step, verdict: OutgoingVerdict): void {
  const { call, effects } = step;
  if (call.uri !== null || call.stage !== 'reserving') return;
  if (call.operator.dialled) {
    effects.push({ do: 'mark', channelId: call.operator.channelId });
    effects.push({ do: 'answer', channelId: call.operator.channelId });
  }
  if (!verdict.allowed) return refuse(step, verdict.reason);
  call.number = verdict.number;
  call.uri = verdict.uri;
  call.timers.reserve = step.at + call.timing.reserve;
  effects.push({
    do: 'reserve',
    target: call.operatorId === null ? { any: true } : { operatorId: call.operatorId },
    occupied: call.operator.dialled,
  });
}

const aboutTheNumber: readonly RefusalReason[] = ['malformed', 'ourselves', 'not-allowed', 'refused'];

function refuse(step: Step, reason: RefusalReason): void {
  close(step, 'refused', reason, aboutTheNumber.includes(reason) ? 'number-refused' : 'code-refused');
}

function soundEnded(step: Step, soundId: string): void {
  const { call, effects } = step;
  if (call.sound !== soundId) return;
  call.sound = null;
  if (call.stage === 'closing') finish(step);
  else if (call.stage === 'ringing') effects.push({ do: 'ring-tone', channelId: call.operator.channelId });
}

function commandFailed(step: Step, command: OutgoingEffect['do']): void {
  const { call, effects } = step;
  switch (command) {
    case 'ring-operator':
      if (call.operator.state !== 'ringing') return;
      // No answer to the request does not mean that nothing rings.
      effects.push({ do: 'hang-up', channelId: call.operator.channelId });
      return operatorGone(step, 0);
    case 'ring-outside':
      if (call.outside.state !== 'ringing') return;
      effects.push({ do: 'hang-up', channelId: call.outside.channelId });
      return outsideGone(step, 0);
    case 'make-bridge':
    case 'join':
      if (call.stage === 'talking') end(step, 'failed', `${command} failed`);
      return;
    case 'play':
      // Nobody would say that it has ended.
      if (call.sound !== null) soundEnded(step, call.sound);
      return;
    case 'reserve':
    case 'operator-outcome':
    case 'mark':
    case 'answer':
    case 'ring-tone':
    case 'stop-ring-tone':
    case 'stop-sound':
    case 'destroy-bridge':
    case 'hang-up':
      return;
  }
}

function timeUp(step: Step, name: OutgoingTimer): void {
  const { call, effects } = step;
  Reflect.deleteProperty(call.timers, name);
  switch (name) {
    case 'reserve':
      return noReservation(step, 'the line did not answer');
    case 'operator':
      if (call.stage === 'ringing-operator') {
        end(step, 'no-operator', "the operator's phone: no-answer", 'no-answer');
      }
      return;
    case 'outside':
      if (call.stage !== 'ringing') return;
      effects.push({ do: 'hang-up', channelId: call.outside.channelId });
      return outsideGone(step, 19);
    case 'warning':
      if (call.stage === 'talking') play(step, 'done');
      return;
    case 'duration':
      if (call.stage === 'talking') end(step, 'answered', 'the longest time a call may take was over');
      return;
    case 'closing':
      if (call.stage === 'closing') finish(step);
      return;
  }
}
