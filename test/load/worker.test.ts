import type { ControllerHandle } from '../../scripts/runtime.mjs';
import { meets } from '../support/load/expect.ts';
import { engaged } from '../support/load/faults.ts';
import { loadOfFile } from '../support/load/limits.ts';
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

// The controller rings agencies itself, when nobody takes the job in time.
meets('it is killed, and another one started', load, (it) => ({
  part,
  fault: 'killed and restarted',
  strike: () => killed(worker),
  holds: 1_000,
  meanwhile: () => engaged(it),
  mend: startWorker,
}));

const freeze = frozen();
meets('it stands still', load, (it) => ({
  part,
  fault: 'paused (SIGSTOP)',
  strike: () => freeze.stop(worker),
  holds: 3_000,
  meanwhile: () => engaged(it),
  mend: () => freeze.go(),
}));
