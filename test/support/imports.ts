import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import { createDatabase } from './database.ts';
import { until } from './rest.ts';
import { directoryOfRun } from './run.ts';

const command = fileURLToPath(new URL('../../dist/location/import/import-command.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** An import that runs as a process of its own, as npm run import starts it. */
export interface RunningImport {
  readonly process: ChildProcess;
  /** What it has written to standard error so far. */
  complaint(): string;
  readonly ended: Promise<Ended>;
}

/** A database, a folder for files, and imports into the one from the other. */
export interface ImportBench {
  readonly postgres: Postgres;
  readonly url: string;
  readonly folder: string;
  /** Writes a file and answers its path. */
  file(name: string, content: string | Buffer): Promise<string>;
  start(args: readonly string[], databaseUrl?: string): RunningImport;
  run(...args: string[]): Promise<Ended>;
  /** Holds the next import in its transaction, all its rows written, and resolves with how to let it go on. */
  holdBeforeCommit(running: () => RunningImport): Promise<{ held: RunningImport; release: () => Promise<void> }>;
  /** Every row of a table as text, in order. */
  rowsOf(table: 'cells' | 'subscribers'): Promise<string[]>;
  /** Of every import that was finished, in order. */
  imports(): Promise<z.output<typeof importRow>[]>;
  empty(): Promise<void>;
  close(): Promise<void>;
}

const importRow = z.object({
  kind: z.string(),
  file: z.string(),
  sha256: z.string(),
  read: z.coerce.number(),
  new: z.coerce.number(),
  changed: z.coerce.number(),
  unchanged: z.coerce.number(),
  removed: z.coerce.number(),
  rejected: z.coerce.number(),
  skipped: z.coerce.number(),
});

/** Makes a bench; close it. */
export async function importBench(): Promise<ImportBench> {
  const database = await createDatabase();
  const folder = await mkdtemp(path.join(directoryOfRun(), 'imports-'));
  const options = { logger: createLogger('silent'), clock: systemClock, max: 3 };
  const postgres = createPostgres(database.url, { applicationName: 'siaga-test', ...options });
  const start = (args: readonly string[], databaseUrl = database.url): RunningImport => {
    const child = spawn(process.execPath, [command, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'], SIAGA_DATABASE_URL: databaseUrl },
    });
    const texts = { out: '', err: '' };
    child.stdout.on('data', (chunk: Buffer) => (texts.out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (texts.err += chunk.toString()));
    return { process: child, complaint: () => texts.err, ended: endOf(child, texts) };
  };
  return {
    postgres,
    url: database.url,
    folder,
    start,
    async file(name, content) {
      const file = path.join(folder, name);
      await writeFile(file, content);
      return file;
    },
    run: (...args) => start(args).ended,
    holdBeforeCommit: (running) => holdBeforeCommit({ url: database.url, postgres }, running),
    async rowsOf(table) {
      const row = z.object({ text: z.string() });
      const rows = await postgres.rows(row, `SELECT t::text AS text FROM ${table} t ORDER BY 1`);
      return rows.map(({ text }) => text);
    },
    imports: () =>
      postgres.rows(
        importRow,
        `SELECT kind, file_name AS file, sha256, rows_read AS read, rows_new AS new, rows_changed AS changed,
           rows_unchanged AS unchanged, rows_removed AS removed, rows_rejected AS rejected, rows_skipped AS skipped
         FROM imports ORDER BY id`,
      ),
    async empty() {
      await postgres.execute('TRUNCATE cells, subscribers, imports');
    },
    async close() {
      await postgres.close();
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function endOf(child: ChildProcess, texts: { readonly out: string; readonly err: string }): Promise<Ended> {
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  return { code, ...texts };
}

/** The last statement of an import is its row in `imports`: who locks that table stops it there. */
async function holdBeforeCommit(
  bench: { readonly url: string; readonly postgres: Postgres },
  running: () => RunningImport,
): Promise<{ held: RunningImport; release: () => Promise<void> }> {
  const locker = new pg.Client({ connectionString: bench.url });
  await locker.connect();
  await locker.query('BEGIN; LOCK TABLE imports IN EXCLUSIVE MODE');
  const held = running();
  await until('the import waits before its end', () => isWaiting(bench.postgres));
  return { held, release: () => locker.end() };
}

async function isWaiting(postgres: Postgres): Promise<boolean> {
  const waiting = await postgres.rows(
    z.object({ pid: z.number() }),
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE 'siaga-import-%'
       AND wait_event_type = 'Lock' AND query LIKE 'INSERT INTO imports%'`,
  );
  return waiting.length === 1;
}
