import { liveCallOf } from './calls/command.ts';
import { partiesOutside } from './calls/party.ts';
import type { CallRunner } from './calls/runner.ts';
import { circleOfCall } from './incidents/need-to-know.ts';
import type { OutgoingDeps } from './outgoing/start.ts';

/** What calls to the outside ask of the citizens' calls that are live: who may know of them, and how many they ring outside. */
export function callsToOutgoing(deps: {
  runner: CallRunner;
  stored: OutgoingDeps['circleOf'];
}): Pick<OutgoingDeps, 'circleOf' | 'partiesOutside'> {
  const { runner, stored } = deps;
  return {
    async circleOf(incidentId) {
      const live = liveCallOf(runner, incidentId);
      return live === undefined ? stored(incidentId) : circleOfCall(live);
    },
    partiesOutside: () => runner.all().reduce((count, call) => count + partiesOutside(call), 0),
  };
}
