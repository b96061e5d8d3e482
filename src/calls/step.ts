import type { Call } from './call.ts';
import { company, staysOnHold } from './company.ts';
import type { OperatorPrompt, Prompt } from './prompt.ts';
import type { CallEffect, Fact, OperatorOutcome } from './call-effect.ts';

/** A decision in the making: the call's next state, what is to be done, and what is to be told. */
export interface Step {
  readonly call: Call;
  readonly at: number;
  readonly effects: CallEffect[];
  readonly facts: Fact[];
}

export function tell(step: Step, type: string, detail: Fact['detail'] = {}): void {
  step.facts.push({ type, detail });
}

/** Stops what the caller hears, if anything. */
export function silence(step: Step): void {
  const { sound } = step.call.caller;
  if (sound === null) return;
  const { channelId } = step.call;
  step.effects.push({ do: 'stop-sound', channelId, soundId: sound.id, music: sound.name === 'music' });
  step.call.caller.sound = null;
}

/** Stops what the caller hears of a question into a conversation, which is no sound of his waiting. */
export function hushQuestion(step: Step): void {
  const { channelId, silence: state } = step.call;
  if (state.question === null || state.question.sound === null) return;
  if (step.call.caller.live) {
    step.effects.push({ do: 'stop-sound', channelId, soundId: state.question.sound, music: false });
  }
  state.question.sound = null;
}

export function playToCaller(step: Step, prompt: Prompt, then: Prompt[] = []): void {
  silence(step);
  const { call } = step;
  const id = nextSoundId(call);
  call.caller.sound = { id, name: prompt };
  const more = then.length === 0 ? {} : { then };
  step.effects.push({ do: 'play', channelId: call.channelId, soundId: id, prompt, ...more });
}

export function musicToCaller(step: Step): void {
  if (step.call.caller.sound?.name === 'music') return;
  silence(step);
  const { call } = step;
  call.caller.sound = { id: nextSoundId(call), name: 'music' };
  step.effects.push({ do: 'music', channelId: call.channelId });
}

/** Says something to the operator; nobody else hears it, and whom he hears he goes on hearing. */
export function promptOperator(step: Step, prompt: OperatorPrompt): void {
  const { call } = step;
  if (call.endedAt !== null || call.operator?.state !== 'joined') return;
  const how = hearsSomebody(call) ? 'whisper' : 'play';
  step.effects.push({ do: how, channelId: call.operator.channelId, soundId: nextSoundId(call), prompt });
}

/** A whisper is mixed into what he hears: where nothing comes it would be lost, and nothing is missed. */
function hearsSomebody(call: Call): boolean {
  if (company(call).length > 1) return true;
  const stopped = call.media?.legs.some((leg) => leg.channelId === call.channelId && leg.stopped) === true;
  return call.caller.live && !staysOnHold(call) && !stopped;
}

/** What was asked for cannot be done: the operator hears it. */
export function refuse(step: Step, type: string, detail: Fact['detail']): void {
  tell(step, type, detail);
  promptOperator(step, 'code-refused');
}

export function nextSoundId(call: Call): string {
  call.counters.sound += 1;
  return `${call.id}.s${call.counters.sound}`;
}

export function hangUp(
  step: Step,
  channelId: string,
  cause: 'normal' | 'answered-elsewhere' | 'no-answer' = 'normal',
): void {
  step.effects.push({ do: 'hang-up', channelId, cause });
}

/** More than phones ring for a call at once. */
const settledKept = 128;

/** Tells the line what became of an operator it assigned; all but 'talking' are the last word on the assignment. */
export function report(
  step: Step,
  assignment: { operatorId: string; assignmentId: string },
  outcome: OperatorOutcome,
): void {
  const { operatorId, assignmentId } = assignment;
  step.effects.push({ do: 'operator-outcome', operatorId, assignmentId, outcome });
  if (outcome === 'talking') return;
  const { call } = step;
  call.settled = [...call.settled.filter((id) => id !== assignmentId), assignmentId].slice(-settledKept);
}
