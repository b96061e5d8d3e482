import type { Call } from './call.ts';
import { company, isPrivate, operatorLegs, speakers, unheardAgencies } from './company.ts';
import type { Prompt } from './prompt.ts';
import { hangUp, hushQuestion, playToCaller, report, silence, type Step, tell } from './step.ts';

/** Puts the caller in the line, at the place of his arrival: who was served badly does not wait behind later callers. */
export function backToLine(step: Step): void {
  const { call } = step;
  if (!call.caller.live || call.line !== null) return;
  call.line = { since: call.arrivedAt };
  call.timers.line = step.at + call.timing.lineCheck;
  call.timers.comfort = step.at + call.timing.comfort;
  call.place = null;
  enterLine(step);
}

/** Tells the line that the call waits; again, should it not have heard. */
export function enterLine({ call, effects }: Step): void {
  if (call.line !== null) effects.push({ do: 'enter-line', since: call.line.since, queue: call.queue });
}

export function leaveLine(step: Step): void {
  const { call } = step;
  delete call.timers.line;
  if (call.hold === null) delete call.timers.comfort;
  delete call.timers.challenge;
  if (call.line === null) return;
  call.line = null;
  step.effects.push({ do: 'leave-line' });
}

/** Phones that rang beside the one that was answered fall silent; of all, where nobody is needed any more. */
export function stopRinging(step: Step, but: string | null = null): void {
  const { call } = step;
  for (const leg of operatorLegs(call)) {
    if (leg.state !== 'ringing' || leg.channelId === but) continue;
    hangUp(step, leg.channelId, but === null ? 'normal' : 'answered-elsewhere');
    report(step, leg, 'not-needed');
    tell(step, 'operator.not-needed', { operatorId: leg.operatorId });
    if (call.operator?.channelId === leg.channelId) call.operator = null;
  }
  call.others = [];
  delete call.timers.ring;
}

/** The words for a place in the line, and for how long it may take. */
export function wordsOfPlace({ place, timing }: Call): Prompt[] {
  if (place === null || !timing.announcePosition) return [];
  const { position, expectedWaitSeconds } = place;
  const words = ['position-1', 'position-2', 'position-3', 'position-4', 'position-5'] as const;
  const wait =
    expectedWaitSeconds === null ? [] : ([expectedWaitSeconds < 60 ? 'wait-short' : 'wait-minutes'] as const);
  return [words[position - 1] ?? 'position-many', ...wait];
}

/** Nobody is left with the caller who can speak to him: he is told, and waits again at the head of the line. */
export function alone(step: Step): void {
  const { call } = step;
  if (!call.caller.live || call.endedAt !== null || call.operator !== null || speakers(call).length > 0) return;
  if (call.line !== null || call.timers.challenge !== undefined) return;
  if (company(call).length === 0) playToCaller(step, 'operator-lost');
  backToLine(step);
}

/** The caller goes into his bridge; whatever he was hearing ends. */
export function joinCaller(step: Step): void {
  const { call } = step;
  // Who is on hold hears his music until he is taken back.
  if (call.hold !== null) return;
  silence(step);
  if (!call.caller.joined) hushQuestion(step);
  if (!call.caller.live || call.caller.joined || call.joining.includes(call.channelId)) return;
  // Had the answer been lost, he would be joined and heard by nobody.
  if (call.answeredAt === null) step.effects.push({ do: 'answer', channelId: call.channelId });
  join(step, call.channelId);
}

/** Sends a channel into the call's bridge. Unconfirmed, it is tried again in another. */
export function join(step: Step, channelId: string): void {
  const { call } = step;
  if (call.bridge === null) makeBridge(step);
  if (!call.joining.includes(channelId)) call.joining.push(channelId);
  call.timers.join = step.at + call.timing.join;
  const muted = unheardAgencies(call).includes(channelId);
  const deaf = muted && isPrivate(call);
  if (deaf && call.deaf?.includes(channelId) !== true) call.deaf = [...(call.deaf ?? []), channelId];
  const absorbKeys = channelId !== call.channelId;
  const how = { ...(muted ? { muted } : {}), ...(deaf ? { deaf } : {}) };
  step.effects.push({ do: 'join', bridgeId: bridgeOf(call), channelId, absorbKeys, ...how });
}

export function makeBridge(step: Step): void {
  const { call } = step;
  call.counters.bridge += 1;
  call.bridge = { id: `${call.id}.b${call.counters.bridge}` };
  step.effects.push({ do: 'make-bridge', bridgeId: call.bridge.id });
}

/** Only when nobody moves: a bridge destroyed meanwhile takes a leg out of the new one too, and two who talk hear nothing. */
export function destroyReplaced(step: Step): void {
  const { bridge } = step.call;
  for (const bridgeId of bridge?.replaces ?? []) step.effects.push({ do: 'destroy-bridge', bridgeId });
  delete bridge?.replaces;
}

export function bridgeOf(call: Call): string {
  return call.bridge?.id ?? `${call.id}.b${call.counters.bridge}`;
}
