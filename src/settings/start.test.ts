import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import { createCopies, type Postgres } from '../platform/postgres.ts';
import { defaultSettings } from './setting.ts';
import { startSettings } from './start.ts';

let stateDir: string;
beforeEach(async () => (stateDir = await mkdtemp(join(tmpdir(), 'siaga-settings-'))));
afterEach(() => rm(stateDir, { recursive: true }));

const refused = (): Promise<never> =>
  Promise.reject(Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }));
const away: Postgres = {
  rows: refused,
  first: refused,
  execute: refused,
  transaction: refused,
  listen: () => () => undefined,
  reachable: () => false,
  copies: createCopies(),
  close: () => Promise.resolve(),
};

async function startWith(settings: object): Promise<Awaited<ReturnType<typeof startSettings>>> {
  await writeFile(join(stateDir, 'settings.json'), JSON.stringify({ version: 3, settings }));
  return startSettings({
    postgres: away,
    stateDir,
    clock: fakeClock(0),
    logger: createLogger('silent'),
    audit: () => Promise.resolve(),
    seed: {},
  });
}

test('with PostgreSQL away, the copy of other code is used as far as it goes', async () => {
  const { areaCodes, ...older } = {
    ...defaultSettings,
    operatorRingSeconds: 7,
    city: { id: 'kendari', name: 'Kendari' },
  };
  const settings = { ...older, ofNewerCode: 'unknown here' };
  const room = await startWith(settings);
  expect(room.current()).toEqual({ ...older, areaCodes });
  await room.stop();
});

test('of a queue that was stored with a longer wait for skills, anybody takes calls after two minutes all the same', async () => {
  const queue = { id: 'medis', name: 'Medis', numbers: ['5119'], priority: 3, skills: ['medis'], languages: [] };
  const times = { skillSeconds: 500, wrapUpSeconds: 3 };
  const stored = { ...defaultSettings, skillSeconds: 600, queues: [{ ...queue, times }] };
  const room = await startWith(stored);
  expect(room.current()).toEqual({
    ...stored,
    skillSeconds: 120,
    queues: [{ ...queue, times: { ...times, skillSeconds: 120 } }],
  });
  await room.stop();
});
