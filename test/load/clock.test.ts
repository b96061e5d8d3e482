import { join } from 'node:path';
import { expectNobodyLost } from '../support/load/expect.ts';
import { steppedClock, type SteppedClock } from '../support/load/faketime.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { notRun } from '../support/load/row.ts';
import { UnderLoad } from '../support/load/under-load.ts';
import { until } from '../support/rest.ts';
import { directoryOfRun } from '../support/run.ts';

// The controller's clock is stepped (by libfaketime: nothing in the controller knows of it) and stepped back, while calls
// are in every stage and new ones come.
const part = 'clock';
const hour = 3_600;
let clock: SteppedClock | null = null;

const load = loadOfFile(() => {
  clock = steppedClock(join(directoryOfRun(), 'load-clock-file'));
  return clock && UnderLoad.start({ name: 'load-clock', controllerEnv: clock.env });
});

/** The controller believes it: every answer of its has its time. */
async function wrong(seconds: number): Promise<void> {
  await until('the clock is wrong', async () => {
    const { headers } = await load().centre.api.ask('GET', '/healthz');
    const off = Date.parse(headers.get('date') ?? '') - Date.now();
    return Math.abs(off - seconds * 1_000) < 10_000;
  });
}

test.each([
  ['an hour forward', hour],
  ['an hour back', -hour],
])(
  '%s, and right again',
  async (fault, seconds) => {
    const own = clock;
    if (own === null) {
      notRun({ part, fault }, 'libfaketime is neither here nor to be fetched');
      return;
    }
    const strike = (): void => own.step(seconds);
    const mend = (): void => own.step(0);
    await expectNobodyLost(load(), { part, fault, strike, holds: 3_000, meanwhile: () => wrong(seconds), mend });
  },
  limitOfFault,
);
