// Whose leg a word of Asterisk is about: caller, operator, party, agency, supervisor. It touches only legs of nobody: they are
// hung up.

import { dispatchOfChannel } from './apply-dispatch.ts';
import type { Call } from './call.ts';
import { operatorLegs } from './company.ts';
import { challengeKey } from './decide-challenge.ts';
import { agencyInput } from './decide-dispatch.ts';
import { callerGone } from './decide-end.ts';
import { operatorTyped } from './decide-keys.ts';
import { supervisorPressed } from './decide-monitor.ts';
import { monitorEntered, monitorGone } from './decide-monitor-leg.ts';
import { operatorEntered, operatorGone } from './decide-operator.ts';
import { partyEntered, partyGone, partyOf, partyRinging } from './decide-party.ts';
import { callerPressed } from './decide-silent.ts';
import { monitorOf } from './monitor.ts';
import { hangUp, type Step, tell } from './step.ts';

export function legRinging(step: Step, channelId: string): void {
  const { call } = step;
  const operator = operatorLegs(call).find((leg) => leg.channelId === channelId);
  if (operator !== undefined) {
    if (operator.ringingAt !== null) return;
    operator.ringingAt = step.at;
    call.counters.unrung = 0;
    tell(step, 'operator.ringing', { operatorId: operator.operatorId });
    return;
  }
  const party = partyOf(call, channelId);
  if (party !== undefined) return partyRinging(step, party);
  if (dispatchOfChannel(call, channelId) !== undefined) {
    return agencyInput(step, { type: 'leg-ringing', at: step.at, channelId });
  }
  if (monitorOf(call.monitors, channelId) !== undefined) return;
  notWanted(step, channelId);
}

export function legEntered(step: Step, channelId: string): void {
  const { call } = step;
  if (operatorLegs(call).some((leg) => leg.channelId === channelId)) return operatorEntered(step, channelId);
  const party = partyOf(call, channelId);
  if (party !== undefined) return partyEntered(step, party);
  if (dispatchOfChannel(call, channelId) !== undefined) {
    return agencyInput(step, { type: 'leg-entered', at: step.at, channelId });
  }
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return monitorEntered(step, monitor, channelId);
  notWanted(step, channelId);
}

export function legGone(step: Step, channelId: string, cause: number): void {
  const { call } = step;
  if (channelId === call.channelId) return callerGone(step, cause);
  if (operatorLegs(call).some((leg) => leg.channelId === channelId)) return operatorGone(step, channelId, cause);
  const party = partyOf(call, channelId);
  if (party !== undefined) return partyGone(step, party, cause);
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return monitorGone(step, monitor, channelId, cause);
  agencyInput(step, { type: 'leg-gone', at: step.at, channelId, cause });
}

export function keyPressed(step: Step, channelId: string, key: string): void {
  const { call } = step;
  tell(step, 'key.pressed', { key, by: whoIs(call, channelId) });
  if (channelId === call.channelId) {
    challengeKey(step, key);
    return callerPressed(step, key);
  }
  if (channelId === call.operator?.channelId) return operatorTyped(step, key);
  const monitor = monitorOf(call.monitors, channelId);
  if (monitor !== undefined) return supervisorPressed(step, monitor, key);
  agencyInput(step, { type: 'key-pressed', at: step.at, channelId, key });
}

/** A phone that rings or answers after its ring was called off: nobody waits for it. */
function notWanted(step: Step, channelId: string): void {
  if (channelId !== step.call.channelId) hangUp(step, channelId, 'answered-elsewhere');
}

function whoIs(call: Call, channelId: string): string {
  if (channelId === call.channelId) return 'caller';
  if (channelId === call.operator?.channelId) return 'operator';
  if (monitorOf(call.monitors, channelId) !== undefined) return 'supervisor';
  if (partyOf(call, channelId) !== undefined) return 'party';
  return dispatchOfChannel(call, channelId)?.agencyId ?? 'unknown';
}
