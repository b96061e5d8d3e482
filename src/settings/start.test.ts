import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { createLogger } from '../platform/logger.ts';
import type { Postgres } from '../platform/postgres.ts';
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
  close: () => Promise.resolve(),
};

test('with PostgreSQL away, the copy of other code is used as far as it goes', async () => {
  const { areaCodes, ...older } = {
    ...defaultSettings,
    operatorRingSeconds: 7,
    city: { id: 'kendari', name: 'Kendari' },
  };
  const settings = { ...older, ofNewerCode: 'unknown here' };
  await writeFile(join(stateDir, 'settings.json'), JSON.stringify({ version: 3, settings }));
  const room = await startSettings({
    postgres: away,
    stateDir,
    clock: fakeClock(0),
    logger: createLogger('silent'),
    audit: () => Promise.resolve(),
    seed: {},
  });
  expect(room.current()).toEqual({ ...older, areaCodes });
  await room.stop();
});
