import type { Call } from '../../src/calls/call.ts';
import { company, isTalking, operatorLegs, speakers } from '../../src/calls/company.ts';
import type { CallEffect } from '../../src/calls/call-effect.ts';
import { hasAnswered } from '../../src/calls/party.ts';
import type { Told } from './calls.ts';
import { ensure } from './ensure.ts';

/** What the laws of the caller need of what the world has seen. */
export interface Seen {
  call: Call;
  at: number;
  /** Legs that were hung up, or of which the world said that they are gone. */
  gone: Set<string>;
  /** By channel, the bridges the world said it is in. */
  inside: Map<string, Set<string>>;
  returned: boolean;
  /** The last word to the waiting line: the call waits. */
  inLine: boolean;
  /** By channel, whom the dialplan takes the leg to should every controller die; null: to nobody. */
  ties: Map<string, string | null>;
}

/** What was told, the call before it, and what was wanted done. */
export interface Decided {
  input: Told;
  before: Call;
  effects: CallEffect[];
}

/** Whatever a limit is for, a caller waits no longer for it than this, in milliseconds. */
function longest(name: string, { timing }: Call): number {
  switch (name) {
    case 'ring':
      return timing.operatorRing;
    case 'join':
      return timing.join;
    case 'line':
      return timing.lineCheck;
    case 'hold':
      return timing.hold;
    case 'left':
      return 1_000;
    case 'challenge':
      return 20_000;
    default:
      return Infinity;
  }
}

/** No caller is lost: somebody who can speak to him, or whose coming has a limit; a place in the line; or the dialplan. */
export function neverAlone(seen: Seen, decided: Decided): void {
  const { call, at, returned, gone } = seen;
  endedByWish(seen, decided);
  const { before } = decided;
  const { input } = decided;
  const lost = input.type === 'adopted' && !input.bridges.includes(before.bridge?.id ?? '');
  const moved = before.bridge?.id !== call.bridge?.id && call.endedAt === null && input.type !== 'arrived' && !lost;
  ensure(!moved || !before.caller.live || !isTalking(before), 'who talks was moved to another bridge');
  for (const [name, due] of Object.entries(call.timers)) {
    ensure(due <= at + longest(name, call), `the limit ${name} is ${due - at} ms away`);
  }
  if (!call.caller.live) return;
  if (call.outcome === 'returned') {
    ensure(returned, 'returned, but nobody sent him to the dialplan');
    return;
  }
  if (call.endedAt !== null) {
    ensure(gone.has(call.channelId), 'the call ended and left its caller where he was');
    return;
  }
  ensure(call.line === null || seen.inLine, 'he waits in a line that was not told, or was told otherwise');
  ensure(!call.caller.left || call.timers.left !== undefined, 'he left, and nobody looks after it');
  ensure(
    isHeard(seen) || isHeld(seen) || waits(seen) || call.timers.left !== undefined,
    `a caller is alone in stage ${call.stage}`,
  );
  const kept = company(call).length > 0 && call.hold === null;
  ensure(kept || call.caller.sound !== null || call.timers.left !== undefined, 'a caller hears nothing');
  ensure(!kept || call.caller.sound === null, 'a sound is played over a conversation');
  keptCompany(seen);
}

/** He and somebody who took his call are in the call's bridge, as far as the world has said. */
function isHeard({ call, inside }: Seen): boolean {
  const here = (channelId: string): boolean => inside.get(channelId)?.has(call.bridge?.id ?? '') === true;
  return here(call.channelId) && speakers(call).some(here);
}

/** He hears music for a limited time, for an operator who is in the bridge or on the way into it. */
function isHeld({ call, inside }: Seen): boolean {
  const { hold, operator, timers, joining } = call;
  if (hold === null || timers.hold === undefined || operator === null || operator.state === 'ringing') return false;
  const { channelId } = operator;
  const here = inside.get(channelId)?.has(call.bridge?.id ?? '') === true;
  return here || (joining.includes(channelId) && timers.join !== undefined);
}

/** For the line, a key, a phone that rings, or for those who are being brought together; each with a limit. */
function waits({ call, gone }: Seen): boolean {
  const { timers, joining } = call;
  const rings = operatorLegs(call).some((leg) => leg.state === 'ringing' && !gone.has(leg.channelId));
  return (
    (call.line !== null && timers.line !== undefined) ||
    (call.challenge !== null && timers.challenge !== undefined) ||
    (rings && timers.ring !== undefined) ||
    (joining.length > 0 && company(call).length > 0 && timers.join !== undefined)
  );
}

/** Whoever the call counts on is there: not hung up, in the bridge or sent into it, and so is the caller. */
function keptCompany({ call, gone, inside, ties }: Seen): void {
  const there = [...company(call), ...operatorLegs(call).map(({ channelId }) => channelId)];
  for (const channelId of there) ensure(!gone.has(channelId), `the call counts on ${channelId}, who is gone`);
  for (const channelId of speakers(call)) {
    ensure(
      ties.get(channelId) === call.channelId,
      `${channelId} speaks with him, and is nobody's without a controller`,
    );
    const here = inside.get(channelId)?.has(call.bridge?.id ?? '') === true;
    ensure(here || call.joining.includes(channelId), `${channelId} is to speak and is in no bridge`);
  }
  for (const { mode, state, channelId } of call.monitors) {
    const listens = mode !== 'barge' && state !== 'reserving';
    ensure(!listens || ties.get(channelId) === null, `${channelId} listens, and is thrown at him without a controller`);
  }
  const coming = call.operator?.state === 'entered' ? [call.operator.channelId] : [];
  const brought = call.parties.filter(hasAnswered).filter(({ state }) => state === 'entered');
  for (const channelId of [...coming, ...brought.map((one) => one.channelId)]) {
    ensure(call.joining.includes(channelId), `${channelId} answered and was sent nowhere`);
  }
  if (company(call).length === 0 || call.hold !== null || call.timers.left !== undefined) return;
  ensure(
    call.caller.joined || call.joining.includes(call.channelId),
    'somebody took the call, and the caller is left out',
  );
}

/** Nobody is cut off, or taken from somebody he talks with, but because a person wants it or Asterisk says that he left. */
function endedByWish({ call }: Seen, { input, before }: Decided): void {
  if (before.endedAt !== null || call.endedAt === null || !before.caller.live) return;
  if (call.outcome === 'returned') {
    const told = input.type === 'hand-over' || input.type === 'arrived' || before.caller.left;
    // Whose call was never answered, his carrier cuts off sooner or later: the dialplan answers him.
    ensure(
      told || before.answeredAt === null || !isTalking(before),
      `who talks was given to the dialplan by ${input.type}`,
    );
    return;
  }
  if (!call.caller.live) return;
  const { operator, caller } = before;
  const typed = input.type === 'key-pressed' && input.channelId === operator?.channelId;
  const spoke = operator?.state === 'joined' && caller.joined && before.hold === null && before.phoneHold === null;
  const hungUp = input.type === 'leg-gone' && input.channelId === operator?.channelId && input.cause === 16 && spoke;
  ensure(input.type === 'call-ended-by' || typed || hungUp, `a caller was cut off by ${input.type}`);
}
