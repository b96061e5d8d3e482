import { outcomeOfCause } from '../asterisk/cause.ts';
import { plainCopy } from '../platform/plain-copy.ts';
import type { SendResult } from './notification.ts';
import type { VoiceEffect, VoiceInput, VoiceMessage } from './voice-message.ts';

export interface VoiceDecision {
  message: VoiceMessage;
  effects: VoiceEffect[];
}

interface Step extends VoiceDecision {
  readonly at: number;
}

/** Said so often by itself; asked for by key 2, as often as there is time. */
const saidByItself = 2;

/**
 * Decides what a voice message does with one input. Key 1 says that a person has heard it; a mailbox presses no key, and what
 * it was told counts as not heard. Pure; the one handed in is not changed.
 */
export function decideVoice(before: VoiceMessage, input: VoiceInput): VoiceDecision {
  const step: Step = { message: plainCopy(before), effects: [], at: input.at };
  take(step, input);
  return { message: step.message, effects: step.effects };
}

function take(step: Step, input: VoiceInput): void {
  const { message, effects } = step;
  if (message.state === 'ended') {
    if (input.type === 'leg-entered') effects.push({ do: 'hang-up' });
    return;
  }
  switch (input.type) {
    case 'not-rung':
      if (message.state === 'ringing') end(step, input.reason);
      return;
    case 'leg-entered':
      if (message.state === 'ringing') speak(step);
      return;
    case 'sound-ended':
      if (input.soundId === message.sound) soundEnded(step);
      return;
    case 'key-pressed':
      return keyPressed(step, input.key);
    case 'leg-gone':
      return end(step, goneReason(message, input.cause));
    case 'stop':
      return end(step, 'it was not needed any more');
    case 'timer':
      if (message.dueAt !== null && message.dueAt <= step.at) timeUp(step);
      return;
  }
}

function speak(step: Step): void {
  const { message, effects } = step;
  if (step.at - message.beganAt >= message.timing.whole) return end(step, 'nobody pressed 1');
  message.state = 'speaking';
  message.plays += 1;
  message.sound = `${message.id}.s${message.plays}`;
  effects.push({ do: 'play', soundId: message.sound, prompts: message.prompts });
  due(step, message.timing.speak);
}

function soundEnded(step: Step): void {
  const { message } = step;
  message.sound = null;
  if (message.state === 'thanking') return end(step, '');
  message.state = 'listening';
  due(step, message.timing.listen);
}

function keyPressed(step: Step, key: string): void {
  const { message, effects } = step;
  if (message.state !== 'speaking' && message.state !== 'listening') return;
  if (key !== '1' && key !== '2') return;
  if (message.sound !== null) effects.push({ do: 'stop-sound', soundId: message.sound });
  if (key === '2') return speak(step);
  effects.push({ do: 'outcome', outcome: { result: 'acknowledged' } });
  message.state = 'thanking';
  message.sound = `${message.id}.s0`;
  effects.push({ do: 'play', soundId: message.sound, prompts: ['message-thanks'] });
  due(step, message.timing.thank);
}

function timeUp(step: Step): void {
  const { message } = step;
  switch (message.state) {
    case 'ringing':
      return end(step, 'no-answer');
    case 'speaking':
      return soundEnded(step);
    case 'listening':
      return message.plays < saidByItself ? speak(step) : end(step, 'nobody pressed 1');
    case 'thanking':
      return end(step, '');
    case 'ended':
      return;
  }
}

function goneReason({ state }: VoiceMessage, cause: number): string {
  return state === 'ringing' ? outcomeOfCause(cause) : 'hung up without pressing 1';
}

function end({ message, effects }: Step, reason: string): void {
  const outcome: SendResult = { result: 'failed', reason, again: true };
  if (message.state !== 'thanking') effects.push({ do: 'outcome', outcome });
  effects.push({ do: 'hang-up' });
  message.state = 'ended';
  message.sound = null;
  message.dueAt = null;
}

function due({ message, at }: Step, milliseconds: number): void {
  message.dueAt = at + milliseconds;
}
