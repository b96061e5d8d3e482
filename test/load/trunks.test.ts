import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { UnderLoad } from '../support/load/under-load.ts';

// Every agency's trunk is dead while calls are in every stage and new ones come, and agencies are engaged meanwhile.
const part = 'trunks';
const load = loadOfFile(() => UnderLoad.start({ name: 'load-trunks', settings: { agencyRingSeconds: 5 } }));

test(
  'every trunk is dead, and the callers keep their operators',
  async () => {
    const { exchange, standing } = load();
    const unreached = async (): Promise<void> => {
      const { asked, came } = await standing.engage('pln', 'no-answer', 12_000);
      expect(asked).toBeGreaterThan(0);
      expect(came).toBe(asked);
    };
    const strike = (): Promise<void> => exchange.deafTrunks(true);
    const mend = (): Promise<void> => exchange.deafTrunks(false);
    expectNobodyLost(await load().meet({ part, fault: 'all dead', strike, holds: 3_000, meanwhile: unreached, mend }));
  },
  limitOfFault,
);
