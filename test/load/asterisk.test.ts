import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { UnderLoad } from '../support/load/under-load.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

// The line between the only controller and Asterisk is cut without a word, and Asterisk is killed, while calls are in every
// stage and new ones come.
const part = 'asterisk';
let line: TcpProxy;

const load = loadOfFile((own) =>
  UnderLoad.start({
    name: 'load-asterisk',
    ari: async (url) => {
      line = await tcpProxy(url);
      own(() => line.close());
      return line.url(url).replace(/\/$/, '');
    },
  }),
);

test(
  'ARI is cut off without a word',
  async () => {
    const strike = (): void => line.drop();
    const mend = (): void => line.restore();
    const fault = 'ARI cut silently';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 6_000, mend }));
  },
  limitOfFault,
);

// Every call ends with it. What counts is that calls come through again, and that what ended is on record.
test(
  'Asterisk is killed, and comes again',
  async () => {
    const strike = (): Promise<void> => load().centre.killAsterisk();
    const mend = (): Promise<void> => load().centre.restartAsterisk();
    const fault = 'killed and restarted';
    const row = await load().meet({ part, fault, strike, holds: 2_000, mend, normalWithin: 30, endsCalls: true });
    expectNobodyLost(row, 30);
  },
  limitOfFault,
);
