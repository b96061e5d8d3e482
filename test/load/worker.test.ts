import type { ControllerHandle } from '../../scripts/runtime.mjs';
import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { frozen, killed } from '../support/load/processes.ts';
import { UnderLoad } from '../support/load/under-load.ts';

// The only worker process fails while calls are in every stage and new ones come, and agencies are engaged meanwhile.
const part = 'worker';
let worker: ControllerHandle;
let workers = 0;

const startWorker = async (): Promise<void> => {
  worker = await load().centre.startController({ name: `worker-${(workers += 1)}`, env: { SIAGA_ROLE: 'worker' } });
};
const load = loadOfFile(() =>
  UnderLoad.start({
    name: 'load-worker',
    controllerEnv: { SIAGA_ROLE: 'controller' },
    prepare: async (centre) => {
      worker = await centre.startController({ name: 'worker-0', env: { SIAGA_ROLE: 'worker' } });
    },
  }),
);

/** The controller rings them itself, when nobody takes the job in time. */
async function engaged(): Promise<void> {
  const { asked, came } = await load().standing.engage('pln', 'joined', 10_000);
  expect(asked).toBeGreaterThan(0);
  expect(came).toBe(asked);
}

test(
  'it is killed, and another one started',
  async () => {
    const strike = (): Promise<void> => killed(worker);
    const fault = 'killed and restarted';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 1_000, meanwhile: engaged, mend: startWorker }));
  },
  limitOfFault,
);

test(
  'it stands still',
  async () => {
    const freeze = frozen();
    const strike = (): void => freeze.stop(worker);
    const fault = 'paused (SIGSTOP)';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 3_000, meanwhile: engaged, mend: freeze.go }));
  },
  limitOfFault,
);
