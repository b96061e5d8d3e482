import type { ControllerHandle } from '../../../scripts/runtime.mjs';
import { frozen, killed } from './processes.ts';
import { stageSettings } from './stages.ts';
import type { Stores } from './stores.ts';
import { isLong, type Fault, type UnderLoad } from './under-load.ts';

/** Milliseconds that PostgreSQL is away. */
const away = isLong ? 60_000 : 4_000;

/** Asks for an agency in the calls that talk, and fails unless each of these dispatches comes so far, within so many milliseconds. */
export async function engaged(load: UnderLoad, state = 'joined', within = 10_000): Promise<void> {
  const { asked, came } = await load.standing.engage('pln', state, within);
  expect(asked).toBeGreaterThan(0);
  expect(came).toBe(asked);
}

/** What can happen to Redis and PostgreSQL; agencies are engaged while it is Redis. */
export function storeFaults(
  load: UnderLoad,
  stores: Stores,
): Record<
  'redisKilled' | 'redisPaused' | 'redisFull' | 'redisEmptied' | 'postgresKilled' | 'postgresPaused' | 'bothKilled',
  Fault
> {
  const freeze = frozen();
  const meanwhile = (): Promise<void> => engaged(load, 'joined', 8_000);
  return {
    redisKilled: {
      part: 'redis',
      fault: 'killed and restarted',
      strike: () => killed(stores.redis),
      holds: 2_000,
      meanwhile,
      mend: () => stores.restartRedis(),
    },
    redisPaused: {
      part: 'redis',
      fault: 'paused (SIGSTOP)',
      strike: () => void stores.redis.kill('SIGSTOP'),
      holds: 3_000,
      meanwhile,
      mend: () => void stores.redis.kill('SIGCONT'),
    },
    redisFull: {
      part: 'redis',
      fault: 'memory full',
      strike: () => stores.command('CONFIG', 'SET', 'maxmemory', '1'),
      holds: 2_000,
      meanwhile,
      mend: () => stores.command('CONFIG', 'SET', 'maxmemory', '0'),
    },
    redisEmptied: {
      part: 'redis',
      fault: 'data lost (FLUSHALL)',
      strike: () => stores.command('FLUSHALL'),
      holds: 1_000,
      meanwhile,
      mend: () => undefined,
    },
    postgresKilled: {
      part: 'postgres',
      fault: `killed, away for ${away / 1_000} s`,
      strike: () => killed(stores.postgres),
      holds: away,
      mend: () => stores.restartPostgres(),
    },
    postgresPaused: {
      part: 'postgres',
      fault: 'paused (SIGSTOP)',
      strike: () => freeze.stop(stores.postgres),
      holds: 3_000,
      mend: () => freeze.go(),
    },
    bothKilled: {
      part: 'postgres and redis',
      fault: `both killed, away for ${away / 1_000} s`,
      strike: () => Promise.all([killed(stores.postgres), killed(stores.redis)]).then(() => undefined),
      holds: away,
      mend: () => Promise.all([stores.restartPostgres(), stores.restartRedis()]).then(() => undefined),
    },
  };
}

/** What can happen to a leader and its standby; whoever is missing afterwards is started again. */
export function controllerFaults(
  load: UnderLoad,
): Record<'leaderKilled' | 'leaderPaused' | 'bothKilled' | 'bothPaused', Fault> {
  const part = 'controllers';
  const freeze = frozen();
  let started = 0;
  const alive = (): ControllerHandle[] => load.centre.controllers.filter(({ ended }) => ended === null);
  const leader = (): ControllerHandle => {
    const [first] = alive().sort((one, other) => one.rank - other.rank);
    if (first === undefined) throw new Error('no controller is alive');
    return first;
  };
  const complete = async (): Promise<void> => {
    for (const rank of [0, 1]) {
      if (alive().some((one) => one.rank === rank)) continue;
      await load.centre.startController({ rank, name: `rank-${rank}-${(started += 1)}` });
    }
  };
  return {
    leaderKilled: {
      part,
      fault: 'leader killed, standby there',
      strike: () => killed(leader()),
      holds: 4_000,
      mend: complete,
    },
    leaderPaused: {
      part,
      fault: 'leader paused (SIGSTOP), standby there',
      strike: () => freeze.stop(leader()),
      holds: 5_000,
      mend: () => freeze.go(),
    },
    bothKilled: {
      part,
      fault: 'both killed and restarted',
      strike: () => Promise.all(alive().map(killed)).then(() => undefined),
      holds: 4_000,
      mend: complete,
    },
    bothPaused: {
      part,
      fault: 'both paused (SIGSTOP)',
      strike: () => freeze.stop(...alive()),
      holds: 5_000,
      mend: () => freeze.go(),
    },
  };
}

/** Every agency's trunk is dead, and one is engaged all the same: whoever is rung from then on rings for a short time. */
export function trunksDead(load: UnderLoad): Fault {
  const { agencyRingSeconds } = stageSettings;
  return {
    part: 'trunks',
    fault: 'all dead',
    strike: async () => {
      await load.centre.api.set({ agencyRingSeconds: 5 });
      await load.exchange.deafTrunks(true);
    },
    holds: 3_000,
    meanwhile: () => engaged(load, 'no-answer', 12_000),
    mend: async () => {
      await load.exchange.deafTrunks(false);
      await load.centre.api.set({ agencyRingSeconds });
    },
  };
}

/** Every call ends with it. What counts is that calls come through again, and that what ended is on record. */
export function asteriskKilled(load: UnderLoad): Fault {
  return {
    part: 'asterisk',
    fault: 'killed and restarted',
    strike: () => load.centre.killAsterisk(),
    holds: 2_000,
    mend: () => load.centre.restartAsterisk(),
    normalWithin: 30,
    endsCalls: true,
  };
}
