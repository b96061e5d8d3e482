// What the operator says to whom he consults is between the two: no agency that listens hears it.

import { agenciesIn, isPrivate, unheardAgencies } from './company.ts';
import type { Step } from './step.ts';

/** While somebody is consulted, whoever only hears the call hears nothing of it; afterwards he hears again. */
export function settlePrivate(step: Step): void {
  const { call, effects } = step;
  const before = call.deaf ?? [];
  const deaf = isPrivate(call) ? unheardAgencies(call) : [];
  for (const channelId of deaf) if (!before.includes(channelId)) effects.push({ do: 'deafen', channelId });
  const there = [...agenciesIn(call), ...unheardAgencies(call)];
  for (const channelId of before) {
    if (!deaf.includes(channelId) && there.includes(channelId)) effects.push({ do: 'let-hear', channelId });
  }
  if (deaf.length > 0) call.deaf = deaf;
  else delete call.deaf;
}
