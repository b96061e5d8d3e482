// Who goes into the call's bridge, and what follows when a join fails. It alone replaces the bridge; who talks is not moved.

import type { Call } from './call.ts';
import { company, isTalking, unheardAgencies } from './company.ts';
import type { CommandFailure } from './call-input.ts';
import { agencyInput } from './decide-dispatch.ts';
import { partyGone, partyJoined, partyOf } from './decide-party.ts';
import { callerLeft, giveBack } from './decide-end.ts';
import { bargeFailed, moveBarging } from './decide-monitor-leg.ts';
import { operatorGone } from './decide-operator.ts';
import { destroyReplaced, join, joinCaller, makeBridge } from './line.ts';
import { hangUp, tell, type Step } from './step.ts';

/**
 * After so many bridges in a row that did not work, the human path has the better chance: each may cost the caller two
 * seconds of silence, and nobody is to hear nothing for five.
 */
const bridgeLimit = 2;

/** A channel of the call is in its bridge. */
export function legJoined(step: Step, channelId: string): void {
  const { call } = step;
  call.joining = call.joining.filter((one) => one !== channelId);
  // A word of the conversation that he has left since.
  if (channelId === call.channelId && call.hold !== null) return;
  if (channelId === call.channelId) {
    call.caller.joined = call.caller.live;
    stillHere(call);
  }
  if (channelId === call.operator?.channelId && call.operator.state === 'entered') call.operator.state = 'joined';
  partyJoined(step, channelId);
  agencyInput(step, { type: 'leg-joined', at: step.at, channelId });
}

/** Joins that nobody confirmed: were caller or operator to meet by them, everybody moves to a fresh bridge. */
export function joinTimedOut(step: Step): void {
  const { call } = step;
  if (call.endedAt !== null) return;
  const meet = call.joining.includes(call.channelId) || call.joining.includes(call.operator?.channelId ?? '');
  if (meet && !isTalking(call)) return rebuildBridge(step, 'a join was not confirmed');
  for (const channelId of call.joining) legLost(step, channelId);
}

/** Asterisk refused a join, or did not answer in time. One that was confirmed meanwhile is done. */
export function joinFailed(step: Step, channelId: string, failure: CommandFailure, bridgeId: string | undefined): void {
  const { call } = step;
  if (!call.joining.includes(channelId)) return;
  if (bridgeId !== undefined && bridgeId !== call.bridge?.id) return;
  const left = failure === 'gone' || failure === 'conflict';
  if (left && channelId === call.channelId) return callerLeft(step, false);
  // A bridge in which two talk is none that has to be rebuilt for a third, nor one that nobody waits in.
  const meet = channelId === call.channelId || channelId === call.operator?.channelId;
  const unheard = unheardAgencies(call).includes(channelId);
  const inVain = isTalking(call) || unheard || (!meet && (call.hold !== null || !call.caller.live));
  if (left || inVain) return legLost(step, channelId);
  rebuildBridge(step, 'a join failed');
}

/** Makes a fresh bridge and moves everybody there; after too many, the dialplan gets the caller. */
export function rebuildBridge(step: Step, reason: string): void {
  const { call } = step;
  if (!call.caller.live || call.endedAt !== null) return;
  call.counters.rebuilt += 1;
  if (call.counters.rebuilt >= bridgeLimit) return giveBack(step, reason, true);
  const old = call.bridge;
  makeBridge(step);
  tell(step, 'bridge.rebuilt', { reason });
  call.joining = [];
  call.caller.joined = false;
  if (call.operator?.state === 'joined') call.operator.state = 'entered';
  moveBarging(step);
  for (const party of call.parties) if (party.state === 'joined') party.state = 'entered';
  const others = company(call);
  if (others.length > 0) joinCaller(step);
  const all = [...others, ...unheardAgencies(call)];
  for (const channelId of all) join(step, channelId);
  if (old !== null && call.bridge !== null) call.bridge.replaces = [...(old.replaces ?? []), old.id];
  if (all.length === 0) destroyReplaced(step);
}

/**
 * Who is in our bridge and was answered has not left: what was refused earlier was a misunderstanding. Who is in it and
 * was never answered is cut off by his carrier sooner or later: the dialplan answers him.
 */
export function stillHere(call: Call): void {
  if (call.caller.joined && !call.caller.left && call.answeredAt !== null) delete call.timers.left;
}

function legLost(step: Step, channelId: string): void {
  if (bargeFailed(step, channelId)) return;
  // He is gone, or left the application between his answer and the join.
  hangUp(step, channelId);
  if (channelId === step.call.operator?.channelId) return operatorGone(step, channelId, 41);
  const party = partyOf(step.call, channelId);
  if (party !== undefined) return partyGone(step, party, 41);
  agencyInput(step, { type: 'leg-gone', at: step.at, channelId, cause: 41 });
}
