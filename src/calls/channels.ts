import type { Call } from './call.ts';
import { operatorLegs } from './company.ts';
import { monitorChannels } from './monitor.ts';
import { hasLeg } from './party.ts';

/** Every channel of a call but the caller's: operators, parties, supervisors, and each agency's latest attempt. */
export function legsOf(call: Call): string[] {
  const attempts = call.dispatches.flatMap(({ attempts }) => attempts.at(-1) ?? []);
  const legs = [...operatorLegs(call), ...call.parties.filter(hasLeg), ...attempts];
  return [...legs.map(({ channelId }) => channelId), ...monitorChannels(call.monitors)];
}
