// Who and where the caller is, and whose screen is told. It touches neither legs nor the line.

import type { Fix } from '../location/fix.ts';
import { receive, type Received } from '../location/location.ts';
import { findKind } from '../routing/kind.ts';
import { operatorLegs } from './company.ts';
import type { CallerHistory } from './history.ts';
import { tell, type Step } from './step.ts';
import type { Fact } from './call-effect.ts';

/** How long a screen pop waits for what is being looked up, in milliseconds: nobody reads it faster. */
const popPatience = 200;

/** Where the caller was known to be as the call arrived. */
export function tellOfArrival(step: Step): void {
  const { location } = step.call;
  for (const fix of location.fixes) tell(step, 'location.received', fixDetail(fix));
  for (const { source, reason } of location.unusable) tell(step, 'location.unusable', { source, reason });
  if (location.best !== null) tellBest(step);
}

/** More became known of where the caller is, possibly after the call has ended. */
export function located(step: Step, received: Received): void {
  const { call } = step;
  const merged = receive(call.location, received, step.at);
  call.location = merged.location;
  for (const fix of merged.fixes) tell(step, 'location.received', fixDetail(fix));
  for (const { source, reason } of merged.unusable) tell(step, 'location.unusable', { source, reason });
  if (merged.bestChanged) tellBest(step);
  if (merged.fixes.length + merged.unusable.length > 0) updateScreen(step, 'location');
}

/** What is on record of the caller was read. */
export function callerKnown(step: Step, history: CallerHistory): void {
  const { call } = step;
  if (call.history !== null) return;
  call.history = history;
  // That there was a confidential one is for those only who may know of it.
  const open = history.calls.filter(({ kind }) => kind === null || findKind(kind)?.confidential !== true);
  if (open.length + history.nonUnique.length === 0) return;
  tell(step, 'caller.recognised', { earlierCalls: open.length, nonUnique: history.nonUnique.join(',') });
  updateScreen(step, 'history');
}

/** The first look at what is on record is over, however it went. */
export function lookedUp(step: Step): void {
  const { call } = step;
  if (call.looked) return;
  call.looked = true;
  if (call.timers.pop !== undefined) popScreen(step);
}

/** An operator's phone rings: his screen gets the call as soon as what is looked up is there, or soon without. */
export function prepareScreen(step: Step): void {
  const { call } = step;
  if (call.looked) popScreen(step);
  else if (call.others.length === 0) call.timers.pop = step.at + popPatience;
  else call.timers.pop ??= step.at + popPatience;
}

export function popScreen(step: Step): void {
  const { call } = step;
  delete call.timers.pop;
  for (const leg of operatorLegs(call)) {
    if (leg.popped) continue;
    leg.popped = true;
    tell(step, 'screen.pop', { operatorId: leg.operatorId });
  }
}

/** A later word on who or where: whoever has the call on his screen is told. */
export function updateScreen(step: Step, because: 'location' | 'history' | 'silence' | 'media'): void {
  const { call } = step;
  // What is looked up as the call arrives comes with the pop; once that has gone out, each word by itself.
  const popped = call.timers.pop === undefined && call.operator !== null;
  if (!call.looked && !popped) return;
  tell(step, 'screen.updated', { operatorId: call.operator?.operatorId ?? call.talkedWith, because });
}

function tellBest(step: Step): void {
  const { best } = step.call.location;
  if (best === null) return;
  tell(step, 'location.best', {
    source: best.source,
    method: best.method,
    latitude: best.position?.latitude ?? null,
    longitude: best.position?.longitude ?? null,
    radius: best.radius,
    address: best.address,
    district: best.district,
    outside: best.outside,
    neighbour: best.neighbour,
    madeUp: best.madeUp,
    reason: best.reason,
  });
}

function fixDetail(fix: Fix): Fact['detail'] {
  return {
    fixId: fix.id,
    source: fix.source,
    method: fix.method,
    shape: fix.shape?.type ?? null,
    district: fix.place?.district ?? null,
    madeUp: fix.madeUp,
  };
}
