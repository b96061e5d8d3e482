import { join } from 'node:path';
import { reservePorts, startRedis, type RedisHandle } from '../../scripts/runtime.mjs';
import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { UnderLoad } from '../support/load/under-load.ts';
import { directoryOfRun, toolsOfRun } from '../support/run.ts';

// Redis fails while calls are in every stage and new ones come.
let redis: RedisHandle;
let start: () => Promise<void>;
const load = loadOfFile(async (own) => {
  const ports = await reservePorts();
  own(() => ports.release());
  const directory = join(directoryOfRun(), 'load-redis-server');
  start = async () => void (redis = await startRedis({ directory, tools: toolsOfRun(), port: ports.redis }));
  await start();
  own(() => redis.stop());
  return UnderLoad.start({ name: 'load-redis', servers: { redis: redis.url } });
});

test(
  'it is killed, and comes again',
  async () => {
    const row = await load().meet({
      part: 'redis',
      fault: 'killed and restarted',
      strike: async () => {
        redis.kill('SIGKILL');
        await redis.exited;
      },
      holds: 2_000,
      mend: start,
    });
    expectNobodyLost(row);
  },
  limitOfFault,
);

test(
  'it stands still',
  async () => {
    const row = await load().meet({
      part: 'redis',
      fault: 'paused (SIGSTOP)',
      strike: () => void redis.kill('SIGSTOP'),
      holds: 3_000,
      mend: () => void redis.kill('SIGCONT'),
    });
    expectNobodyLost(row);
  },
  limitOfFault,
);
