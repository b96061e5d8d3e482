import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { reservePorts } from '../../scripts/runtime.mjs';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres } from '../../src/platform/postgres.ts';
import {
  age,
  archivingPostgres,
  baseBackup,
  bringAllHomeAgain,
  clientProgram,
  controllerOn,
  copyState,
  folderOf,
  incidentsOf,
  recordsOf,
  restoredPostgres,
  runClient,
  wholeCall,
} from '../support/backup.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, createEmptyDatabase } from '../support/database.ts';
import { until } from '../support/rest.ts';
import { killed } from '../support/load/processes.ts';
import { directoryOfRun } from '../support/run.ts';

// Backup and restore as docs/operations.md has them, tried: while a controller works, and into an empty place.
const operatorId = '0190c0de-0000-7000-8000-000000000001';
let folder: string;
let undo: (() => Promise<void> | void)[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'siaga-backup-'));
  undo = [() => rm(folder, { recursive: true, force: true })];
});
afterEach(async () => {
  for (const step of undo.toReversed()) await step();
});

async function calls(rooms: ControllerRooms, count: number): Promise<string[]> {
  const ids = [];
  for (let n = 0; n < count; n += 1) ids.push(await wholeCall(rooms, operatorId));
  return ids;
}
const onceEach = (ids: readonly string[]): [string, number][] => ids.toSorted().map((id) => [id, 1]);

const [dump, restore] = [clientProgram('pg_dump'), clientProgram('pg_restore')];
const withClients = dump === null || restore === null ? test.skip : test;

withClients(
  'a dump and a copy of the state folder: every incident once, also those that came after the dump',
  async () => {
    const database = await createDatabase();
    undo.push(() => database.drop());
    const stateDir = join(folder, 'state');
    const first = await startController(database.url, { stateDir });
    const ids = await calls(first, 3);
    await first.settled();
    // While calls come in.
    const meanwhile = calls(first, 5);
    await runClient(dump ?? '', database.url, ['-Fc', '-f', join(folder, 'siaga.dump')]);
    ids.push(...(await meanwhile), ...(await calls(first, 2)));
    await first.settled();
    await first.kill();
    // What PostgreSQL has of a dead controller's journal is put away: the dump is older.
    await age(first.journalFolder);
    const second = await controllerOn(database.url, stateDir);
    ids.push(...(await calls(second, 2)));
    await second.settled();
    const before = await recordsOf(second.database);
    // PostgreSQL is gone; the journal alone has what comes now.
    await second.kill();
    await copyState(stateDir, join(folder, 'restored'));
    expect(await bringAllHomeAgain(join(folder, 'restored', 'journal'))).toBe(1);

    const empty = await createEmptyDatabase();
    undo.push(() => empty.drop());
    await runClient(restore ?? '', empty.url, ['-d', empty.name, '--no-owner', join(folder, 'siaga.dump')]);
    expect((await incidentsIn(empty.url)).length).toBeLessThan(ids.length);
    const third = await controllerOn(empty.url, join(folder, 'restored'));
    undo.push(() => third.stop());
    expect(await incidentsOf(third.database)).toEqual(onceEach(ids));
    expect(await recordsOf(third.database)).toEqual(before);
  },
  120_000,
);

test('a base backup and the archive of what was written since, with the state folder: up to the last call', async () => {
  const ports = await reservePorts();
  undo.push(() => ports.release());
  const place = (name: string): string => join(directoryOfRun(), `backup-${name}`);
  const archive = place('archive');
  const server = await archivingPostgres(place('before'), ports.postgres, archive);
  undo.push(() => server.stop());
  await folderOf(server, archive);
  const database = await createDatabase(server.url);
  const stateDir = join(folder, 'state');
  const first = await startController(database.url, { stateDir });
  const ids = await calls(first, 3);
  const meanwhile = calls(first, 3);
  await baseBackup(server, join(folder, 'base'));
  ids.push(...(await meanwhile), ...(await calls(first, 2)));
  await first.settled();
  await everythingArchived(first, archive);
  const inArchive = [...ids];
  // These are in PostgreSQL, and not in the archive yet.
  ids.push(...(await calls(first, 2)));
  await first.settled();
  const before = await recordsOf(first.database);
  // One that stops in peace would archive its last words.
  await killed(server);
  // And these in the journal only.
  ids.push(...(await calls(first, 2)));
  await first.kill();
  await copyState(stateDir, join(folder, 'restored'));

  const { password } = server;
  const backup = join(folder, 'base');
  const restored = await restoredPostgres({ directory: place('after'), port: ports.redis, backup, archive, password });
  undo.push(() => restored.stop());
  const url = new URL(database.name, restored.url).href;
  expect(await incidentsIn(url)).toEqual(onceEach(inArchive));
  const second = await controllerOn(url, join(folder, 'restored'));
  undo.push(() => second.stop());
  expect(await incidentsOf(second.database)).toEqual(onceEach(ids));
  const after = await recordsOf(second.database);
  expect(after).toEqual(expect.arrayContaining(before));
  expect(new Set(after).size).toBe(after.length);
}, 120_000);

/** What a restored database has before any controller has started on it. */
async function incidentsIn(url: string): Promise<[string, number][]> {
  const logger = createLogger('silent');
  const postgres = createPostgres(url, { applicationName: 'siaga-test', logger, clock: systemClock, max: 1 });
  try {
    return await incidentsOf(postgres);
  } finally {
    await postgres.close();
  }
}

const archived = z.object({ last: z.string().nullable() });

/** The archive has everything that was written until now. */
async function everythingArchived(rooms: ControllerRooms, archive: string): Promise<void> {
  const wal = z.object({ file: z.string() });
  const now = await rooms.database.first(wal, 'select pg_walfile_name(pg_switch_wal()) as file', []);
  await until(`${archive} has it`, async () => {
    const query = 'select last_archived_wal as last from pg_stat_archiver';
    const row = await rooms.database.first(archived, query, []);
    return (row?.last ?? '') >= (now?.file ?? '');
  });
}
