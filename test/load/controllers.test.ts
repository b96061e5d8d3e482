import type { ControllerHandle } from '../../scripts/runtime.mjs';
import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { frozen, killed } from '../support/load/processes.ts';
import { UnderLoad } from '../support/load/under-load.ts';

// The controller that leads fails, with another standing by, and both at once, while calls are in every stage and new ones
// come.
const part = 'controllers';
let started = 0;

const load = loadOfFile(() =>
  UnderLoad.start({
    name: 'load-controllers',
    prepare: async (centre) => {
      await centre.startController({ rank: 1, name: 'standby-0' });
    },
  }),
);

const alive = (): ControllerHandle[] => load().centre.controllers.filter(({ ended }) => ended === null);

/** Starts those that are missing. */
async function complete(): Promise<void> {
  for (const rank of [0, 1]) {
    if (alive().some((one) => one.rank === rank)) continue;
    await load().centre.startController({ rank, name: `rank-${rank}-${(started += 1)}` });
  }
}

function leader(): ControllerHandle {
  const [first] = alive().sort((one, other) => one.rank - other.rank);
  if (first === undefined) throw new Error('no controller is alive');
  return first;
}

test(
  'the leader is killed, and the standby is there',
  async () => {
    const strike = (): Promise<void> => killed(leader());
    const fault = 'leader killed, standby there';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 4_000, mend: complete }));
  },
  limitOfFault,
);

test(
  'the leader stands still, and the standby is there',
  async () => {
    const freeze = frozen();
    const strike = (): void => freeze.stop(leader());
    const fault = 'leader paused (SIGSTOP), standby there';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 5_000, mend: freeze.go }));
  },
  limitOfFault,
);

test(
  'both are killed',
  async () => {
    const strike = async (): Promise<void> => {
      await Promise.all(alive().map(killed));
    };
    const fault = 'both killed and restarted';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 4_000, mend: complete }));
  },
  limitOfFault,
);

test(
  'both stand still',
  async () => {
    const freeze = frozen();
    const strike = (): void => freeze.stop(...alive());
    const fault = 'both paused (SIGSTOP)';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 5_000, mend: freeze.go }));
  },
  limitOfFault,
);
