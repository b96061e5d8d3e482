import { isHangUp, isRefusal, outcomeOfCause } from '../asterisk/cause.ts';
import type { OutgoingVerdict, RefusalReason } from './limits.ts';
import type {
  OutgoingCall,
  OutgoingEffect,
  OutgoingFact,
  OutgoingInput,
  OutgoingOutcome,
  OutgoingPrompt,
  OutgoingTimer,
  ReservationOutcome,
} from './outgoing.ts';

export interface OutgoingDecision {
  call: OutgoingCall;
  effects: OutgoingEffect[];
  facts: OutgoingFact[];
}

interface Step extends OutgoingDecision {
  readonly at: number;
}

/** Decides what an outgoing call does with one input. Pure; the call handed in is not changed. */
export function decideOutgoing(before: OutgoingCall, input: OutgoingInput): OutgoingDecision {
  const step: Step = { call: structuredClone(before), effects: [], facts: [], at: input.at };
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

function reserved(step: Step, input: { operatorId: string; assignmentId: string; account: string }): void {
  const { call, effects } = step;
  const { operatorId, assignmentId, account } = input;
  if (call.assignment?.assignmentId === assignmentId) return;
  if (call.stage !== 'reserving' || call.assignment !== null) {
    effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome: 'not-needed' });
    return;
  }
  call.operatorId = operatorId;
  call.assignment = { assignmentId, account };
  delete call.timers.reserve;
  if (call.operator.dialled) return ringOutside(step);
  call.stage = 'ringing-operator';
  call.operator.state = 'ringing';
  call.timers.operator = step.at + call.timing.operatorRing;
  const { channelId } = call.operator;
  effects.push({ do: 'ring-operator', channelId, account, shownNumber: call.number, ring: call.timing.operatorRing });
}

function noReservation(step: Step, reason: string): void {
  if (step.call.stage === 'reserving') close(step, 'no-operator', reason, 'code-refused');
}

function operatorEntered(step: Step): void {
  const { call } = step;
  if (call.stage !== 'ringing-operator') return;
  call.operator.state = 'entered';
  delete call.timers.operator;
  ringOutside(step);
}

function ringOutside(step: Step): void {
  const { call, effects } = step;
  if (call.uri === null) return;
  report(step, 'talking');
  call.stage = 'ringing';
  call.outside.state = 'ringing';
  call.timers.outside = step.at + call.timing.outsideRing;
  if (call.purpose === 'callback') play(step, 'callback-announcement');
  else effects.push({ do: 'ring-tone', channelId: call.operator.channelId });
  effects.push({
    do: 'ring-outside',
    channelId: call.outside.channelId,
    uri: call.uri,
    shownNumber: call.shownNumber,
    ring: call.timing.outsideRing,
    callback: call.purpose === 'callback',
    callInfo: call.callInfo,
  });
}

function ringing(step: Step): void {
  const { call } = step;
  if (call.stage !== 'ringing' || call.ringingAt !== null) return;
  call.ringingAt = step.at;
  tell(step, 'outgoing.ringing');
}

function outsideEntered(step: Step): void {
  const { call, effects } = step;
  if (call.stage !== 'ringing') return;
  const operator = call.operator.channelId;
  const bridgeId = `${call.id}.b1`;
  call.stage = 'talking';
  call.outside.state = 'entered';
  call.answeredAt = step.at;
  call.bridgeId = bridgeId;
  delete call.timers.outside;
  call.timers.duration = step.at + call.timing.duration;
  if (call.timing.warning < call.timing.duration) {
    call.timers.warning = call.timers.duration - call.timing.warning;
  }
  if (call.sound === null) effects.push({ do: 'stop-ring-tone', channelId: operator });
  else effects.push({ do: 'stop-sound', channelId: operator, soundId: call.sound });
  call.sound = null;
  effects.push({ do: 'make-bridge', bridgeId });
  for (const channelId of [operator, call.outside.channelId]) effects.push({ do: 'join', bridgeId, channelId });
  tell(step, 'outgoing.answered');
}

/** The operator's phone is out of it: then so is the call. */
function operatorGone(step: Step, cause: number): void {
  const { call } = step;
  const { state } = call.operator;
  if (state === 'gone' || state === 'planned') return;
  call.operator.state = 'gone';
  if (call.stage === 'closing') return finish(step);
  if (state === 'ringing') {
    const outcome = outcomeOfCause(cause);
    return end(step, 'no-operator', `the operator's phone: ${outcome}`, outcome);
  }
  const hungUp = isHangUp(cause);
  const reason = hungUp ? 'the operator hung up' : "the operator's phone was lost";
  end(step, call.answeredAt === null ? 'cancelled' : 'answered', reason, hungUp ? 'finished' : 'lost');
}

function outsideGone(step: Step, cause: number): void {
  const { call } = step;
  const { state } = call.outside;
  if (state === 'gone' || state === 'planned') return;
  call.outside.state = 'gone';
  if (call.stage === 'talking') return end(step, 'answered', 'the other side hung up');
  if (call.stage === 'ringing') close(step, outcomeOf(cause), `cause ${cause}`, 'code-refused');
}

function outcomeOf(cause: number): OutgoingOutcome {
  if (isRefusal(cause)) return 'declined';
  const outcome = outcomeOfCause(cause);
  return outcome === 'failed' ? 'unreachable' : outcome;
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

/** Tells the operator that nothing comes of it, if he is on the line, and ends. */
function close(step: Step, outcome: OutgoingOutcome, reason: string, prompt: OutgoingPrompt): void {
  const { call, effects } = step;
  call.outcome = outcome;
  call.reason = reason;
  if (call.operator.state !== 'entered') return finish(step);
  if (call.stage === 'ringing') {
    if (call.sound === null) effects.push({ do: 'stop-ring-tone', channelId: call.operator.channelId });
    else effects.push({ do: 'stop-sound', channelId: call.operator.channelId, soundId: call.sound });
  }
  call.stage = 'closing';
  call.timers = { closing: step.at + call.timing.closing };
  play(step, prompt);
}

function end(step: Step, outcome: OutgoingOutcome, reason: string, freed?: ReservationOutcome): void {
  const { call } = step;
  // What was said already, while the prompt told the operator, stands.
  call.outcome ??= outcome;
  call.reason ??= reason;
  finish(step, freed);
}

function finish(step: Step, freed?: ReservationOutcome): void {
  const { call, effects } = step;
  const talked = call.operator.state === 'entered' || call.outside.state !== 'planned';
  report(step, freed ?? (talked || call.operator.state === 'gone' ? 'finished' : 'not-needed'));
  for (const leg of [call.outside, call.operator]) {
    if (leg.state === 'ringing' || leg.state === 'entered') effects.push({ do: 'hang-up', channelId: leg.channelId });
    if (leg.state !== 'planned') leg.state = 'gone';
  }
  if (call.bridgeId !== null) effects.push({ do: 'destroy-bridge', bridgeId: call.bridgeId });
  call.stage = 'ended';
  call.endedAt = step.at;
  call.timers = {};
  call.sound = null;
  tell(step, call.outcome === 'refused' ? 'outgoing.refused' : 'outgoing.ended');
}

function report({ call, effects }: Step, outcome: ReservationOutcome): void {
  if (call.assignment === null || call.operatorId === null) return;
  const { assignmentId } = call.assignment;
  effects.push({ do: 'operator-outcome', operatorId: call.operatorId, assignmentId, outcome });
}

function play({ call, effects }: Step, prompt: OutgoingPrompt): void {
  call.sounds += 1;
  const soundId = `${call.id}.s${call.sounds}`;
  call.sound = soundId;
  effects.push({ do: 'play', channelId: call.operator.channelId, soundId, prompt });
}

function tell({ call, facts, at }: Step, type: OutgoingFact['type']): void {
  const { id, operatorId, purpose, callbackId, outcome, reason, answeredAt } = call;
  const over = type === 'outgoing.ended' || type === 'outgoing.refused';
  const seconds = answeredAt === null ? 0 : Math.round((at - answeredAt) / 1_000);
  facts.push({
    type,
    detail: {
      outgoingId: id,
      operatorId,
      purpose,
      ...(callbackId === null ? {} : { callbackId }),
      ...(over ? { outcome, reason, seconds } : {}),
    },
  });
}
