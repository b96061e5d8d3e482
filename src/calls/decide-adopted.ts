// Another controller's call becomes this one's: what that one believed is held against what Asterisk has, and what may have got
// lost with it is done again. Past inputs are not decided anew.

import { company, isPrivate, operatorLegs, unheardAgencies } from './company.ts';
import { legsOf } from './channels.ts';
import type { CallInput, HeldChannel } from './call-input.ts';
import type { Call } from './call.ts';
import { agencyInput } from './decide-dispatch.ts';
import { callerGone, callerLeft, cutOff, endCall, wentUnseen } from './decide-end.ts';
import { legJoined, rebuildBridge, stillHere } from './decide-join.ts';
import { returnNotReserved } from './decide-leave.ts';
import { legEntered, legGone, legRinging } from './decide-legs.ts';
import { moveBarging } from './decide-monitor-leg.ts';
import { heldByPhone } from './decide-phone-hold.ts';
import { questionPlayed } from './decide-silent.ts';
import { enterLine, join, joinCaller, makeBridge } from './line.ts';
import { playToCaller, silence, type Step, tell } from './step.ts';

type Adopted = Extract<CallInput, { type: 'adopted' }>;

/** More than one owner uses of leg, sound and bridge ids for one call: the next owner's are none of his. */
const idsOfOneOwner = 10_000;
/** So many of the last sounds may still be playing to somebody who was to hear no more. */
const lastSounds = 3;

/**
 * The call is this controller's from now on. Whoever has gone meanwhile is told of as ever; who is in the bridge stays there
 * untouched; who should be there and is not is sent there; what the caller hears begins again.
 */
export function adopted(step: Step, input: Adopted): void {
  const { call } = step;
  const held = new Map(input.channels.map((channel) => [channel.channelId, channel]));
  tell(step, 'call.adopted', { from: call.application, by: input.application });
  own(step, input);
  if (call.endedAt !== null) return;
  if (!held.has(call.channelId)) {
    if (call.arrivedAt < (input.startedAt ?? 0)) cutOff(step);
    else wentUnseen(step);
  }
  callerFound(step, held.get(call.channelId));
  for (const channelId of legsOf(call)) legFound(step, channelId, held.get(channelId));
  // Hereafter the call may have ended.
  meet(step, held, input.bridges);
  hear(step);
  sayAgain(step);
  keepOperators(step);
}

/** What was asked of the one before is answered to nobody any more. */
function own(step: Step, { application, at }: Adopted): void {
  const { call } = step;
  call.application = application;
  call.claimedAt = Math.max(at, call.claimedAt + 1);
  for (const name of ['leg', 'sound', 'bridge'] as const) call.counters[name] += idsOfOneOwner;
  call.counters.rebuilt = 0;
  call.silence.looking = false;
  if (call.returning !== null) returnNotReserved(step, call.returning.requestId, 'another controller has the call now');
  // Asterisk does not say who holds: the end of a hold that was missed would cut off an operator who talks.
  for (const channelId of call.holding ?? []) heldByPhone(step, channelId, false);
}

function callerFound(step: Step, caller: HeldChannel | undefined): void {
  const { call } = step;
  if (!call.caller.live) return;
  if (caller === undefined) return callerGone(step, 0);
  if (!caller.here) return callerLeft(step, true);
  call.caller.left = false;
  delete call.timers.left;
  if (caller.state === 'up') call.answeredAt ??= step.at;
  else if (call.answeredAt === null) step.effects.push({ do: 'answer', channelId: call.channelId });
}

function legFound(step: Step, channelId: string, leg: HeldChannel | undefined): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  if (leg === undefined) {
    if (isExpected(call, channelId)) legGone(step, channelId, 0);
    return;
  }
  if (!isRinging(call, channelId)) return;
  // Whoever rang an agency answered to one who is dead: that there is a channel says as much.
  agencyInput(step, { type: 'ring-result', at: step.at, attemptId: channelId, ring: { result: 'taken' }, channelId });
  if (leg.state === 'up' && leg.here) legEntered(step, channelId);
  else if (leg.state === 'ringing') legRinging(step, channelId);
}

/** An attempt whose job is under way, or is lost, has a limit; and so has what a supervisor hears by and that is still to come. */
function isExpected(call: Call, channelId: string): boolean {
  const attempt = call.dispatches.flatMap(({ attempts }) => attempts).find((one) => one.channelId === channelId);
  if (attempt !== undefined) {
    return attempt.endedAt === null && (attempt.takenAt ?? attempt.ringingAt ?? attempt.answeredAt) !== null;
  }
  return !call.monitors.some(({ snoopId, awaited }) => snoopId === channelId && awaited.includes(channelId));
}

function isRinging(call: Call, channelId: string): boolean {
  const legs = [...operatorLegs(call), ...call.parties, ...call.monitors];
  const leg = legs.find((one) => one.channelId === channelId);
  if (leg !== undefined) return leg.state === 'ringing';
  const attempt = call.dispatches.flatMap(({ attempts }) => attempts).find((one) => one.channelId === channelId);
  return attempt !== undefined && attempt.endedAt === null && attempt.answeredAt === null;
}

/** Who took the call and is not in its bridge is sent there; who is in it is left in peace. */
function meet(step: Step, held: ReadonlyMap<string, HeldChannel>, bridges: readonly string[]): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  if (call.bridge === null) makeBridge(step);
  const bridgeId = call.bridge?.id;
  if (bridgeId === undefined || (!bridges.includes(bridgeId) && bridgeWasThere(call, held))) {
    call.caller.joined = false;
    // Those who talked on without him hear each other no more.
    if (!call.caller.live) return endCall(step, 'the caller hung up');
    return rebuildBridge(step, 'there was no bridge');
  }
  if (!bridges.includes(bridgeId)) step.effects.push({ do: 'make-bridge', bridgeId });
  const isInside = (channelId: string): boolean => held.get(channelId)?.bridgeId === bridgeId;
  call.joining = [];
  delete call.timers.join;
  place(step, isInside(call.channelId));
  for (const channelId of [...company(call), ...unheardAgencies(call)]) {
    if (isInside(channelId)) legJoined(step, channelId);
    else sendIn(step, channelId);
  }
  if (call.hold === null && company(call).length > 0) {
    if (!call.caller.joined) hushLastSounds(step);
    joinCaller(step);
  }
}

/** A bridge that was to be made may simply not have been. */
function bridgeWasThere(call: Call, held: ReadonlyMap<string, HeldChannel>): boolean {
  return [...held.values()].some(({ bridgeId }) => bridgeId !== null) || company(call).length > 0;
}

function place(step: Step, inside: boolean): void {
  const { call } = step;
  call.caller.joined = inside && call.caller.live && call.hold === null;
  if (call.caller.joined) stillHere(call);
  // He was to be on hold, and is not.
  if (inside && call.hold !== null && call.bridge !== null) {
    step.effects.push({ do: 'leave-bridge', bridgeId: call.bridge.id, channelId: call.channelId });
  }
}

function sendIn(step: Step, channelId: string): void {
  const { call } = step;
  if (call.operator?.channelId === channelId) call.operator.state = 'entered';
  const party = call.parties.find((one) => one.channelId === channelId);
  if (party !== undefined) party.state = 'entered';
  if (call.monitors.some((one) => one.channelId === channelId && one.state === 'joined')) moveBarging(step);
  const attempt = call.dispatches.map(({ attempts }) => attempts.at(-1)).find((one) => one?.channelId === channelId);
  // Asterisk joins no channel while it plays to it.
  if (attempt !== undefined && attempt.announced > 0) {
    const soundId = `${channelId}.s${attempt.announced}`;
    step.effects.push({ do: 'stop-sound', channelId, soundId, music: false });
  }
  join(step, channelId);
}

/** What was to be stopped, and may not have been, would keep him out of the conversation. */
function hushLastSounds(step: Step): void {
  const { channelId, id, counters, caller } = step.call;
  if (!caller.live) return;
  step.effects.push({ do: 'stop-sound', channelId, soundId: `${id}.music`, music: true });
  const last = counters.sound - idsOfOneOwner;
  for (let number = Math.max(1, last - lastSounds + 1); number <= last; number += 1) {
    step.effects.push({ do: 'stop-sound', channelId, soundId: `${id}.s${number}`, music: false });
  }
}

/** Who is heard by whom is said again: of a command that was not given any more nobody would know. */
function hear(step: Step): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  const { operator, effects } = { ...call, ...step };
  if (operator?.state === 'joined') effects.push({ do: call.muted ? 'mute' : 'unmute', channelId: operator.channelId });
  for (const { state, muted, attempts } of call.dispatches) {
    const channelId = attempts.at(-1)?.channelId;
    if (state !== 'joined' || channelId === undefined || call.joining.includes(channelId)) continue;
    effects.push({ do: muted ? 'mute' : 'unmute', channelId });
    if (!muted) continue;
    const deaf = isPrivate(call) && call.deaf?.includes(channelId) === true;
    effects.push({ do: deaf ? 'deafen' : 'let-hear', channelId });
  }
}

/** The end of what the caller hears may have been told to nobody: it begins again. */
function sayAgain(step: Step): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  const beside = call.silence.question?.sound ?? null;
  if (beside !== null) questionPlayed(step, beside);
  if (!call.caller.live) return;
  const { sound } = call.caller;
  if (sound?.name === 'music') step.effects.push({ do: 'music', channelId: call.channelId });
  else if (sound?.name === 'silent-question' || sound?.name === 'silent-kinds') {
    // It has a limit of its own, and is repeated by it.
    questionPlayed(step, sound.id);
    silence(step);
  } else if (sound !== null) playToCaller(step, sound.name);
  enterLine(step);
}

/** This controller's line learns who is on the call. */
function keepOperators({ call, effects }: Step): void {
  if (call.endedAt !== null) return;
  const { arrivedAt: since, queue } = call;
  const keep = (
    one: { operatorId: string | null; assignmentId: string | null; state: string },
    requestId: string | null,
  ): void => {
    const { operatorId, assignmentId } = one;
    if (operatorId === null || assignmentId === null || one.state === 'reserving') return;
    const state = one.state === 'ringing' ? 'ringing' : 'talking';
    effects.push({ do: 'keep-operator', operatorId, assignmentId, state, requestId, since, queue });
  };
  for (const leg of operatorLegs(call)) keep(leg, leg.asked === true ? leg.assignmentId : null);
  for (const party of call.parties) keep(party, party.id);
  for (const monitor of call.monitors) keep(monitor, monitor.id);
}
