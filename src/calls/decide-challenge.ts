// The place of a caller with a nuisance score, the question for a key, and other ranks. It refuses nobody.

import { lastPriority } from '../triage/score.ts';
import type { CallInput } from './call-input.ts';
import { speakers } from './company.ts';
import type { Prompt } from './prompt.ts';
import { backToLine } from './line.ts';
import { playToCaller, tell, type Step } from './step.ts';

/** Milliseconds a caller has for the key once he has heard what it is for. */
const keyWithin = 8_000;
/** And from the asking on, should nobody say when he has heard it: the words take up to twelve seconds. */
const challengeAtMost = 20_000;
/** The key that says that it is an emergency. */
const emergencyKey = '1';

/**
 * Puts a caller who arrives in the line. One whose number or phone has a nuisance score goes behind the others, or is asked
 * for a key first; he is never refused, and while he thinks a timer runs that puts him in the line. Whom the human path
 * had in hand (`up`) has waited already: he is asked nothing.
 */
export function arriveInLine(step: Step, up: boolean): void {
  const { call } = step;
  if (call.timers.challenge !== undefined) return;
  const { nuisance } = call;
  if (call.line === null && call.challenge === null && nuisance !== null && nuisance.measure !== 'none') {
    if (nuisance.measure === 'challenge' && !up && call.operator === null) return ask(step, nuisance);
    lower(step, (nuisance.loweredFrom ?? call.queue.priority) + nuisance.steps, 'score');
  }
  sayAndEnter(step, 'greeting');
}

function ask(step: Step, { score, reasons }: { score: number; reasons: string }): void {
  const { call } = step;
  call.challenge = { askedAt: step.at, answeredAt: null };
  call.timers.challenge = step.at + challengeAtMost;
  playToCaller(step, 'challenge');
  tell(step, 'caller.challenged', { score, reasons });
}

/** He has heard what he is asked: from now on he has his time. */
export function challengeHeard(step: Step): void {
  const { timers } = step.call;
  if (timers.challenge !== undefined) timers.challenge = Math.min(timers.challenge, step.at + keyWithin);
}

/** A key of the caller's: the right one gives him his ordinary place, also when it comes late. */
export function challengeKey(step: Step, key: string): void {
  const { call } = step;
  const { challenge } = call;
  if (key !== emergencyKey || challenge === null || challenge.answeredAt !== null) return;
  if (call.line === null && call.timers.challenge === undefined) return;
  challenge.answeredAt = step.at;
  raise(step, call.nuisance?.loweredFrom ?? call.queue.priority, { by: 'caller', reason: 'he pressed 1' });
}

/** He could not be asked: he has his ordinary place. */
export function challengeUnheard(step: Step): void {
  const { call } = step;
  call.caller.sound = null;
  if (call.timers.challenge === undefined) return;
  raise(step, call.nuisance?.loweredFrom ?? call.queue.priority, { by: 'line', reason: 'he could not be asked' });
}

/** He pressed nothing: he waits behind everybody else, and is answered. */
export function challengeOver(step: Step): void {
  const { call } = step;
  lower(step, lastPriority, 'no key');
  if (call.operator === null && speakers(call).length === 0) backToLine(step);
}

/** Somebody lifts his score, gives the call another place, or says what its operator has to be able to do. */
export function ranked(step: Step, { queue, by, reason }: Extract<CallInput, { type: 'ranked' }>): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  const { priority, ...needs } = queue;
  const needed = { ...call.queue, ...needs };
  if (JSON.stringify(needed) !== JSON.stringify(call.queue)) {
    call.queue = needed;
    const { skills, languages } = needed;
    tell(step, 'call.needs', { skills: skills.join(','), languages: languages.join(','), by, reason });
    if (call.line !== null) step.effects.push({ do: 'rank-in-line', queue: needed });
  }
  if (priority !== undefined) raise(step, Math.min(lastPriority, Math.max(1, Math.round(priority))), { by, reason });
}

function raise(step: Step, priority: number, why: { by: string; reason: string }): void {
  const { call } = step;
  const before = call.queue.priority;
  const asked = call.timers.challenge !== undefined;
  const { nuisance } = call;
  const counted = nuisance !== null && nuisance.measure !== 'none';
  if (nuisance !== null) {
    nuisance.measure = 'none';
    nuisance.loweredFrom = null;
  }
  call.queue = { ...call.queue, priority };
  if (priority !== before || asked || counted) {
    const { by, reason } = why;
    tell(step, priority > before ? 'caller.lowered' : 'caller.raised', { priority, by, reason });
  }
  delete call.timers.challenge;
  if (call.line === null && asked && call.operator === null && speakers(call).length === 0) {
    return sayAndEnter(step, 'greeting');
  }
  if (call.line !== null && priority !== before) step.effects.push({ do: 'rank-in-line', queue: call.queue });
}

function lower(step: Step, to: number, because: 'score' | 'no key'): void {
  const { call } = step;
  const { nuisance } = call;
  const priority = Math.min(lastPriority, to);
  if (nuisance === null || priority <= call.queue.priority) return;
  nuisance.loweredFrom ??= call.queue.priority;
  call.queue = { ...call.queue, priority };
  tell(step, 'caller.lowered', { priority, score: nuisance.score, reasons: nuisance.reasons, because });
}

function sayAndEnter(step: Step, prompt: Prompt): void {
  playToCaller(step, prompt);
  backToLine(step);
}

/** That the caller has called before: in the same incident, or on another line at the same time. */
export function tellOfEarlier(step: Step): void {
  const { earlier } = step.call;
  if (earlier?.relation === 'joined') {
    tell(step, 'call.joined-incident', { incidentId: earlier.incident.id, earlierCallId: earlier.callId });
  } else if (earlier?.relation === 'linked') {
    tell(step, 'call.linked', { incidentId: earlier.incidentId, earlierCallId: earlier.callId });
  }
}
