import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import { createDatabase, type TestDatabase } from './database.ts';
import { emptyTables, hastyClock } from './records.ts';

/** For a test file of records: a database whose tables are empty before each test, and a folder for its journals. */
export function recordsPlace(): { readonly postgres: Postgres; readonly directory: string } {
  let database: TestDatabase;
  let postgres: Postgres;
  let directory: string;
  beforeAll(async () => {
    database = await createDatabase();
    const logger = createLogger('silent');
    postgres = createPostgres(database.url, { applicationName: 'siaga-test', logger, clock: hastyClock, max: 4 });
  });
  afterAll(async () => {
    await postgres.close();
    await database.drop();
  });
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'siaga-records-'));
    await emptyTables(postgres);
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  return {
    get postgres() {
      return postgres;
    },
    get directory() {
      return directory;
    },
  };
}
