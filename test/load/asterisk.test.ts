import { meets } from '../support/load/expect.ts';
import { asteriskKilled } from '../support/load/faults.ts';
import { loadOfFile } from '../support/load/limits.ts';
import { UnderLoad } from '../support/load/under-load.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

// The line between the only controller and Asterisk is cut without a word, and Asterisk is killed, while calls are in every
// stage and new ones come.
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

meets('ARI is cut off without a word', load, () => ({
  part: 'asterisk',
  fault: 'ARI cut silently',
  strike: () => line.drop(),
  holds: 6_000,
  mend: () => line.restore(),
}));

meets('Asterisk is killed, and comes again', load, asteriskKilled);
