import { basename } from 'node:path';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { z } from 'zod';
import type { Clock } from '../../platform/clock.ts';
import { newId } from '../../platform/ids.ts';
import { streamFile, UnfitFile, type FileFigures } from './import-file.ts';
import type { ImportKind } from './import-kind.ts';
import { importLock } from './import-lock.ts';
import type { Rejects } from './import-rejects.ts';

/** What a finished import did; rows: read = new + changed + unchanged + rejected + skipped. */
export interface ImportReport extends FileFigures {
  readonly new: number;
  readonly changed: number;
  /** There already, as new or newer; or outdone by another line of the same file. */
  readonly unchanged: number;
  readonly removed: number;
  readonly rejected: number;
}

export interface Progress {
  readonly phase: 'reading' | 'comparing' | 'storing' | 'committing';
  readonly bytes: number;
  readonly rows: number;
}

interface ImportOptions {
  readonly databaseUrl: string;
  readonly path: string;
  readonly kind: ImportKind;
  readonly rejects: Rejects;
  /** Compares only. */
  readonly dryRun: boolean;
  readonly clock: Clock;
  readonly onProgress: (progress: Progress) => void;
  /** Ends the import and leaves the tables as they were; without effect once the end is being committed. */
  readonly signal: AbortSignal;
}

const counts = z.object({ new: z.coerce.number(), changed: z.coerce.number() });
const count = z.object({ count: z.coerce.number() });

/** How long an import waits for another, or for a table that is locked. */
const lockSeconds = 5;

/**
 * Imports a file: streams it into a temporary table, works out there what is new, and stores that in one transaction. Rows
 * are only inserted, updated and deleted, never locked as a table: who reads meanwhile sees all as it was, at once. Throws
 * UnfitFile, or what the file system or PostgreSQL throws; nothing has changed then, unless the phase was `committing`.
 */
export async function importFile(options: ImportOptions): Promise<ImportReport> {
  const { clock, signal } = options;
  const client = new pg.Client({
    connectionString: options.databaseUrl,
    application_name: `siaga-import-${options.kind.name}`,
    connectionTimeoutMillis: 5_000,
    keepAlive: true,
  });
  const lost = new Promise<never>((_, reject) => {
    client.on('end', () => reject(new Error('Connection terminated')));
  });
  // A lost connection reaches the statement under way; without listeners it would also end the process.
  lost.catch(() => undefined);
  client.on('error', () => undefined);
  let phase: Progress['phase'] = 'reading';
  const enter = (next: Progress['phase'], bytes: number, rows: number): void => {
    phase = next;
    options.onProgress({ phase, bytes, rows });
  };
  const stop = (): void => {
    // Once COMMIT is under way nobody could tell what a connection that ends has left.
    if (phase !== 'committing') void client.end();
  };
  signal.throwIfAborted();
  signal.addEventListener('abort', stop);
  try {
    const startedAt = clock.now();
    await client.connect();
    await prepare(client, options.kind);
    // The end of the connection alone would wait for a pipe's next byte, if the file is one.
    const figures = await Promise.race([stage(client, options), lost]);
    const { rejects, kind } = options;
    if (figures.usable === 0) throw new UnfitFile(nothingUsable(figures, rejects.count()));
    enter('comparing', 0, figures.read);
    const difference = await compare(client, kind);
    const report = { ...figures, ...difference, rejected: rejects.count() };
    const unchanged = figures.usable - difference.new - difference.changed;
    if (options.dryRun) return { ...report, unchanged };
    enter('storing', 0, figures.read);
    const stored = { ...report, unchanged };
    await store(client, options, stored, { startedAt, onCommit: () => enter('committing', 0, figures.read) });
    return stored;
  } finally {
    signal.removeEventListener('abort', stop);
    await client.end();
  }
}

async function prepare(client: pg.Client, { name, staging }: ImportKind): Promise<void> {
  // The server notices within a second that nobody waits for a long statement any more, and ends it.
  await client.query(
    `SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET lock_timeout = '${lockSeconds}s';
     SET client_connection_check_interval = '1s'; SET work_mem = '64MB'`,
  );
  await client.query(`SELECT pg_advisory_lock(${importLock(name)})`);
  await client.query(`CREATE TEMPORARY TABLE staged (${staging})`);
}

function stage(client: pg.Client, options: ImportOptions): Promise<FileFigures> {
  const { path, kind, rejects, signal } = options;
  const target = client.query(copyFrom(`COPY staged (line, ${kind.columns.join(', ')}) FROM STDIN`));
  const onProgress = (bytes: number, rows: number): void => options.onProgress({ phase: 'reading', bytes, rows });
  return streamFile({ path, kind, rejects, signal, onProgress }, target);
}

function nothingUsable({ read, skipped }: FileFigures, rejected: number): string {
  if (read === 0) return 'it has no rows';
  const skips = Object.entries(skipped).map(([why, rows]) => `, ${rows} are ${why}`);
  return `none of its ${read} rows can be used: ${rejected} are rejected${skips.join('')}`;
}

async function compare(
  client: pg.Client,
  kind: ImportKind,
): Promise<{ new: number; changed: number; removed: number }> {
  await client.query(`CREATE TEMPORARY TABLE changes AS ${kind.changes}`);
  const found = await client.query(
    `SELECT count(*) FILTER (WHERE is_new) AS new, count(*) FILTER (WHERE NOT is_new) AS changed FROM changes`,
  );
  if (kind.removes === null) return { ...counts.parse(found.rows[0]), removed: 0 };
  const removed = await client.query(`SELECT count(*) FROM ${kind.removes}`);
  return { ...counts.parse(found.rows[0]), removed: count.parse(removed.rows[0]).count };
}

async function store(
  client: pg.Client,
  { kind, path, clock }: ImportOptions,
  report: ImportReport,
  { startedAt, onCommit }: { readonly startedAt: number; readonly onCommit: () => void },
): Promise<void> {
  await client.query('BEGIN');
  if (report.removed > 0) await client.query(`DELETE FROM ${kind.removes}`);
  if (report.changed > 0) await client.query(kind.update);
  if (report.new > 0) await client.query(kind.insert);
  const finishedAt = clock.now();
  await client.query(
    `INSERT INTO imports (id, kind, file_name, sha256, rows_read, rows_new, rows_changed, rows_unchanged, rows_removed,
       rows_rejected, rows_skipped, started_at, finished_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, to_timestamp($12::float8 / 1000), to_timestamp($13::float8 / 1000))`,
    [
      newId(finishedAt),
      kind.name,
      basename(path),
      report.sha256,
      report.read,
      report.new,
      report.changed,
      report.unchanged,
      report.removed,
      report.rejected,
      Object.values(report.skipped).reduce((sum, rows) => sum + rows, 0),
      startedAt,
      finishedAt,
    ],
  );
  onCommit();
  await client.query('COMMIT');
}
