import { join } from 'node:path';
import { Redis } from 'ioredis';
import { reservePorts, startRedis, type RedisHandle } from '../../scripts/runtime.mjs';
import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { UnderLoad } from '../support/load/under-load.ts';
import { directoryOfRun, toolsOfRun } from '../support/run.ts';

// Redis fails while calls are in every stage and new ones come, and agencies are engaged meanwhile.
const part = 'redis';
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

/** Agencies are rung, whatever Redis does. */
async function engaged(): Promise<void> {
  const { asked, came } = await load().standing.engage('pln', 'joined', 8_000);
  expect(asked).toBeGreaterThan(0);
  expect(came).toBe(asked);
}

async function command(...words: [string, ...string[]]): Promise<void> {
  const client = new Redis(redis.url, { maxRetriesPerRequest: 1 });
  try {
    const [name, ...rest] = words;
    await client.call(name, ...rest);
  } finally {
    client.disconnect();
  }
}

test(
  'it is killed, and comes again',
  async () => {
    const strike = async (): Promise<void> => {
      redis.kill('SIGKILL');
      await redis.exited;
    };
    const fault = 'killed and restarted';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 2_000, meanwhile: engaged, mend: start }));
  },
  limitOfFault,
);

test(
  'it stands still',
  async () => {
    const strike = (): void => void redis.kill('SIGSTOP');
    const mend = (): void => void redis.kill('SIGCONT');
    const fault = 'paused (SIGSTOP)';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 3_000, meanwhile: engaged, mend }));
  },
  limitOfFault,
);

test(
  'its memory is full',
  async () => {
    const strike = (): Promise<void> => command('CONFIG', 'SET', 'maxmemory', '1');
    const mend = (): Promise<void> => command('CONFIG', 'SET', 'maxmemory', '0');
    const fault = 'memory full';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 2_000, meanwhile: engaged, mend }));
  },
  limitOfFault,
);

test(
  'it loses all that it held',
  async () => {
    const strike = (): Promise<void> => command('FLUSHALL');
    const mend = (): void => undefined;
    const fault = 'data lost (FLUSHALL)';
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 1_000, meanwhile: engaged, mend }));
  },
  limitOfFault,
);
