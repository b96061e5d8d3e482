import { company, speakers, type Call } from './call.ts';
import { playToCaller, silence, type Step } from './step.ts';

/** Puts the caller in the line, at the place of his arrival: who was served badly does not wait behind later callers. */
export function backToLine(step: Step): void {
  const { call } = step;
  if (!call.caller.live || call.line !== null) return;
  call.line = { since: call.arrivedAt };
  call.timers.line = step.at + call.timing.lineCheck;
  call.timers.comfort = step.at + call.timing.comfort;
  step.effects.push({ do: 'enter-line', since: call.line.since });
}

export function leaveLine(step: Step): void {
  const { call } = step;
  delete call.timers.line;
  if (call.hold === null) delete call.timers.comfort;
  if (call.line === null) return;
  call.line = null;
  step.effects.push({ do: 'leave-line' });
}

/** Nobody is left with the caller who can speak to him: he is told, and waits again at the head of the line. */
export function alone(step: Step): void {
  const { call } = step;
  if (!call.caller.live || call.endedAt !== null || call.operator !== null || speakers(call).length > 0) return;
  if (call.line !== null) return;
  if (company(call).length === 0) playToCaller(step, 'operator-lost');
  backToLine(step);
}

/** The caller goes into his bridge; whatever he was hearing ends. */
export function joinCaller(step: Step): void {
  const { call } = step;
  // Who is on hold hears his music until he is taken back.
  if (call.hold !== null) return;
  silence(step);
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
  step.effects.push({ do: 'join', bridgeId: bridgeOf(call), channelId, absorbKeys: channelId !== call.channelId });
}

export function makeBridge(step: Step): void {
  const { call } = step;
  call.counters.bridge += 1;
  call.bridge = { id: `${call.id}.b${call.counters.bridge}` };
  step.effects.push({ do: 'make-bridge', bridgeId: call.bridge.id });
}

export function bridgeOf(call: Call): string {
  return call.bridge?.id ?? `${call.id}.b${call.counters.bridge}`;
}
