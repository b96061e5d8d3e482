import { join } from 'node:path';
import {
  reservePorts,
  startPostgres,
  startRedis,
  type PostgresHandle,
  type RedisHandle,
} from '../../scripts/runtime.mjs';
import { expectNobodyLost } from '../support/load/expect.ts';
import { limitOfFault, loadOfFile } from '../support/load/limits.ts';
import { frozen, killed } from '../support/load/processes.ts';
import { isLong, UnderLoad } from '../support/load/under-load.ts';
import { until } from '../support/rest.ts';
import { directoryOfRun, toolsOfRun } from '../support/run.ts';

// PostgreSQL fails, and PostgreSQL and Redis at once, while calls are in every stage and new ones come.
const part = 'postgres';
/** Milliseconds that it is away. */
const away = isLong ? 60_000 : 4_000;
let postgres: PostgresHandle;
let redis: RedisHandle;
let startAgain: () => Promise<void>;
let startRedisAgain: () => Promise<void>;

const load = loadOfFile(async (own) => {
  const ports = await reservePorts();
  own(() => ports.release());
  const tools = toolsOfRun();
  const directory = join(directoryOfRun(), 'load-servers');
  startRedisAgain = async () => void (redis = await startRedis({ directory, tools, port: ports.redis }));
  startAgain = async () =>
    void (postgres = await startPostgres({ directory, tools, port: ports.postgres, durable: false }));
  await startRedisAgain();
  own(() => redis.stop());
  await startAgain();
  own(() => postgres.stop());
  const servers = { redis: redis.url, postgres: postgres.url };
  return UnderLoad.start({ name: 'load-postgres', servers });
});

/** What a killed server leaves running ends by itself, and until then no other may have its data. */
function restarted(): Promise<void> {
  return until('PostgreSQL is there again', () =>
    startAgain().then(
      () => true,
      () => false,
    ),
  );
}

test(
  'it is killed, and away for a while',
  async () => {
    const fault = `killed, away for ${away / 1_000} s`;
    const strike = (): Promise<void> => killed(postgres);
    expectNobodyLost(await load().meet({ part, fault, strike, holds: away, mend: restarted }));
  },
  limitOfFault,
);

test(
  'it stands still',
  async () => {
    const freeze = frozen();
    const fault = 'paused (SIGSTOP)';
    const strike = (): void => freeze.stop(postgres);
    expectNobodyLost(await load().meet({ part, fault, strike, holds: 3_000, mend: freeze.go }));
  },
  limitOfFault,
);

test(
  'it and Redis are killed',
  async () => {
    const strike = async (): Promise<void> => {
      await Promise.all([killed(postgres), killed(redis)]);
    };
    const mend = async (): Promise<void> => {
      await Promise.all([restarted(), startRedisAgain()]);
    };
    const fault = `both killed, away for ${away / 1_000} s`;
    expectNobodyLost(await load().meet({ part: 'postgres and redis', fault, strike, holds: away, mend }));
  },
  limitOfFault,
);
