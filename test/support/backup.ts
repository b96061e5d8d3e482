import { execFile, execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { z } from 'zod';
import { startPostgres, type PostgresHandle } from '../../scripts/runtime.mjs';
import type { Sql } from '../../src/platform/postgres.ts';
import { startController, type ControllerRooms } from './controller-rooms.ts';
import { until } from './rest.ts';
import { toolsOfRun } from './run.ts';

/** One of PostgreSQL's client programs, not older than the server; null where there is none: the server comes without. */
export function clientProgram(name: string): string | null {
  const { binDirectory, major } = toolsOfRun().postgres;
  const folders = [binDirectory, ...(process.env['PATH'] ?? '').split(delimiter)];
  const isFit = (file: string): boolean => {
    if (!existsSync(file)) return false;
    const version = execFileSync(file, ['--version'], { encoding: 'utf8', timeout: 10_000 });
    return Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1]) >= major;
  };
  return folders.map((folder) => join(folder, name)).find(isFit) ?? null;
}

/** Runs a client program against a server; its password is not on the command line. */
export async function runClient(program: string, url: string, args: readonly string[]): Promise<void> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const where = { PGHOST: hostname, PGPORT: port, PGUSER: username, PGPASSWORD: password };
  const env = { PATH: process.env['PATH'], LC_ALL: 'C', ...where, PGDATABASE: pathname.slice(1) };
  await promisify(execFile)(program, args, { env, timeout: 60_000 });
}

/** A caller talks with an operator and hangs up. Answers the id of his incident. */
export async function wholeCall(rooms: ControllerRooms, operatorId: string): Promise<string> {
  const call = rooms.arrive();
  await rooms.talk(call.id, operatorId);
  rooms.hangUp(call.id);
  return call.incident.id;
}

const one = z.object({ row: z.string() });

/** Incidents, calls and timelines as rows of text, in a fixed order. */
export async function recordsOf(sql: Sql): Promise<string[]> {
  const found = await sql.rows(
    one,
    `select row('incident', id, status, opened_at)::text as row from incidents
     union all select row('call', id, incident_id, outcome, ended_at)::text from calls
     union all select row('line', call_id, claimed_at, sequence, position, type)::text from timeline
     order by 1`,
    [],
  );
  return found.map(({ row }) => row);
}

/** Incidents that are there, with how many calls each has. */
export async function incidentsOf(sql: Sql): Promise<[string, number][]> {
  const row = z.object({ id: z.string(), calls: z.number() });
  const found = await sql.rows(
    row,
    `select incidents.id::text, count(calls.id)::int as calls from incidents left join calls on incident_id = incidents.id
     group by incidents.id order by 1`,
    [],
  );
  return found.map(({ id, calls }): [string, number] => [id, calls]);
}

/** A copy of the state folder as `cp -a` makes it, a minute ago: whoever wrote the journal in it counts as dead. */
export async function copyState(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true });
  await age(join(to, 'journal'));
}

/** Makes the journals in the folder as old as if nobody had touched them for a minute. */
export async function age(journal: string): Promise<void> {
  const then = Date.now() / 1_000 - 60;
  for (const name of await readdir(journal)) await utimes(join(journal, name), then, then);
}

/** What PostgreSQL had already when the machine was lost counts as not brought home: the restored one is older. */
export async function bringAllHomeAgain(journal: string): Promise<number> {
  const away = (await readdir(journal)).filter((name) => name.endsWith('.projected'));
  for (const name of away) await rename(join(journal, name), join(journal, name.replace(/\.projected$/, '')));
  await age(journal);
  return away.length;
}

/** Goes on from a state folder until PostgreSQL has all that its journals hold. */
export async function controllerOn(databaseUrl: string, stateDir: string): Promise<ControllerRooms> {
  const rooms = await startController(databaseUrl, { stateDir });
  await until('all journals but its own are put away', async () => {
    const names = await readdir(rooms.journalFolder);
    return names.filter((name) => name.endsWith('.journal')).length === 1;
  });
  await rooms.settled();
  return rooms;
}

/** A PostgreSQL server that archives what it writes (its WAL), as operations.md has it. */
export function archivingPostgres(directory: string, port: number, archive: string): Promise<PostgresHandle> {
  const settings = { archive_mode: 'on', archive_command: `test ! -f ${archive}/%f && cp %p ${archive}/%f` };
  return startPostgres({ directory, tools: toolsOfRun(), port, durable: false, settings });
}

/** A folder that PostgreSQL may write in, whoever it runs as. */
export async function folderOf(server: { dataDirectory: string }, folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const { uid, gid } = await stat(server.dataDirectory);
  await chown(folder, uid, gid);
}

const stopped = z.object({ rows: z.tuple([z.object({ label: z.string() })]) });

/** What pg_basebackup does, with nothing but the server: its files are copied while it works. */
export async function baseBackup(server: PostgresHandle, to: string): Promise<void> {
  const session = new pg.Client({ connectionString: server.url, connectionTimeoutMillis: 5_000 });
  await session.connect();
  try {
    await session.query("select pg_backup_start('test', true)");
    await cp(server.dataDirectory, to, { recursive: true, filter: isOfBackup });
    const done = stopped.parse(await session.query('select labelfile as label from pg_backup_stop(false)'));
    await writeFile(join(to, 'backup_label'), done.rows[0].label);
  } finally {
    await session.end();
  }
}

/** Not what is the running server's own, nor the WAL: that is in the archive. */
function isOfBackup(file: string): boolean {
  return !/\/(postmaster\.(pid|opts)|pg_wal\/[0-9A-F.]+|pg_stat_tmp\/.*|pgsql_tmp.*)$/.test(file);
}

/** Starts a server on a base backup and what was archived since: all of it is replayed first. */
export async function restoredPostgres(options: {
  directory: string;
  port: number;
  backup: string;
  archive: string;
  password: string;
}): Promise<PostgresHandle> {
  const { directory, port, backup, archive, password } = options;
  const tools = toolsOfRun();
  const empty = await startPostgres({ directory, tools, port, durable: false });
  await empty.stop();
  const data = empty.dataDirectory;
  const { uid, gid } = await stat(data);
  await rm(data, { recursive: true });
  await cp(backup, data, { recursive: true });
  await writeFile(join(data, 'recovery.signal'), '');
  const passwordFile = data.replace(/data-(\d+)$/, 'password-$1');
  await writeFile(passwordFile, password);
  await giveTo(data, uid, gid);
  const settings = { restore_command: `cp ${archive}/%f %p` };
  const restored = await startPostgres({ directory, tools, port, durable: false, settings });
  await replayed(restored);
  return restored;
}

const recovering = z.object({ rows: z.tuple([z.object({ recovering: z.boolean() })]) });

/** It answers questions before it has replayed all. */
async function replayed({ url }: PostgresHandle): Promise<void> {
  const session = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
  await session.connect();
  try {
    await until('all of the archive is replayed', async () => {
      const answer = recovering.parse(await session.query('select pg_is_in_recovery() as recovering'));
      return !answer.rows[0].recovering;
    });
  } finally {
    await session.end();
  }
}

async function giveTo(path: string, uid: number, gid: number): Promise<void> {
  await chown(path, uid, gid);
  const isFolder = (await stat(path)).isDirectory();
  await chmod(path, isFolder ? 0o700 : 0o600);
  if (isFolder) for (const name of await readdir(path)) await giveTo(join(path, name), uid, gid);
}
