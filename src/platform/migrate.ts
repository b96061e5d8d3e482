import { fileURLToPath, pathToFileURL } from 'node:url';
import { runner } from 'node-pg-migrate';
import { messageOf } from './errors.ts';
import { settingOf } from './setting-of.ts';

const folder = fileURLToPath(new URL('../../migrations', import.meta.url));

/** Applies every migration that is missing and answers their names. Two at once: the second waits. */
export async function migrate(databaseUrl: string): Promise<string[]> {
  const applied = await runner({
    databaseUrl,
    dir: folder,
    direction: 'up',
    migrationsTable: 'migrations',
    checkOrder: true,
    advisoryLockMode: 'wait',
    log: () => undefined,
  });
  return applied.map((migration) => migration.name);
}

async function main(): Promise<void> {
  const url = settingOf('SIAGA_DATABASE_URL');
  if (url === undefined || url === '') {
    process.stderr.write('SIAGA_DATABASE_URL is not set: name the PostgreSQL database to migrate.\n');
    process.exitCode = 2;
    return;
  }
  try {
    process.stdout.write(`${JSON.stringify({ applied: await migrate(url) })}\n`);
  } catch (error) {
    process.stderr.write(`The migration failed: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) await main();
