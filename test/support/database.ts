import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { migrate } from '../../src/platform/migrate.ts';

/** A database of its own for one test file. */
export interface TestDatabase {
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

const migrations = new URL('../../migrations/', import.meta.url);
/** Any number will do as long as nothing else of the project uses it. */
const templateLock = 112_000_001;

/** The admin connection to the PostgreSQL that the tests use. */
function adminUrl(): string {
  const url = process.env['SIAGA_TEST_DATABASE_URL'];
  if (url === undefined || url === '') {
    throw new Error('SIAGA_TEST_DATABASE_URL is not set: run the tests with npm test, which starts PostgreSQL.');
  }
  return url;
}

/**
 * A fresh database with every migration applied, copied from a template that is made once per set of migrations; on the
 * run's server, or on that of the URL given.
 */
export async function createDatabase(server = adminUrl()): Promise<TestDatabase> {
  const template = `siaga_template_${await migrationsHash()}`;
  const name = `siaga_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, async (admin) => {
    // Held while the copy is made too: PostgreSQL copies a template only while nobody is connected to it.
    await admin.query('SELECT pg_advisory_lock($1)', [templateLock]);
    const found = await admin.query('SELECT 1 FROM pg_database WHERE datname = $1 AND datistemplate', [template]);
    if (found.rowCount === 0) await makeTemplate(server, admin, template);
    await admin.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
  });
  return testDatabase(server, name);
}

/** A database with nothing in it, for what is restored. */
export async function createEmptyDatabase(server = adminUrl()): Promise<TestDatabase> {
  const name = `siaga_test_${randomBytes(6).toString('hex')}`;
  await asAdmin(server, async (admin) => {
    await admin.query(`CREATE DATABASE ${name} TEMPLATE template0`);
  });
  return testDatabase(server, name);
}

function testDatabase(server: string, name: string): TestDatabase {
  return {
    name,
    url: urlOf(server, name),
    drop: () =>
      asAdmin(server, async (admin) => {
        await admin.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      }),
  };
}

async function makeTemplate(server: string, admin: pg.Client, template: string): Promise<void> {
  // A half-made one of an interrupted run is no template yet.
  await admin.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`);
  await admin.query(`CREATE DATABASE ${template}`);
  await migrate(urlOf(server, template));
  await admin.query(`ALTER DATABASE ${template} IS_TEMPLATE true`);
}

/** Runs statements over the admin connection. */
async function asAdmin(server: string, work: (admin: pg.Client) => Promise<void>): Promise<void> {
  const admin = new pg.Client({ connectionString: server, connectionTimeoutMillis: 5_000 });
  await admin.connect();
  try {
    await work(admin);
  } finally {
    await admin.end();
  }
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

async function migrationsHash(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(migrations)).sort()) {
    if (file.endsWith('.sql')) hash.update(file).update(await readFile(new URL(file, migrations)));
  }
  return hash.digest('hex').slice(0, 16);
}
