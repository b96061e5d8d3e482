// A PostgreSQL server of our own: loopback only, no unix socket, its password generated with its data.
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';

import path from 'node:path';
import { mustRun } from './commands.mjs';
import { sharedFolder } from './postgres-binaries.mjs';
import { claimDirectory, startProcess } from './processes.mjs';
import { step } from './progress.mjs';
import { isRoot, loopback } from './settings.mjs';
import { askTcp, serveOrStop } from './wait.mjs';

const user = 'siaga';
const database = 'siaga';
// PostgreSQL refuses to run as root; nobody's id is the same on every Debian.
const otherUser = { uid: 65534, gid: 65534 };

/**
 * Starts PostgreSQL with its data kept in `directory`. Returns a process handle with `url`, `host`, `port`, `user`,
 * `password`, `database`. With `durable: false` it does not wait for the disk: only for data that may be lost.
 */
export async function startPostgres({ directory, tools, port, durable = true, settings = {} }) {
  await claimDirectory(directory);
  const account = isRoot() ? otherUser : {};
  const home = prepareHome(directory, account);
  const data = path.join(home, `data-${tools.postgres.major}`);
  const passwordFile = path.join(home, `password-${tools.postgres.major}`);
  const commands = { bin: tools.postgres.binDirectory, account, home };
  if (!existsSync(data)) await step('Making a new database', () => initialise(commands, data, passwordFile));
  const password = readFileSync(passwordFile, 'utf8').trim();
  const fast = durable ? {} : { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' };
  const options = {
    listen_addresses: loopback,
    unix_socket_directories: '',
    max_connections: '300',
    ...fast,
    ...settings,
  };
  const handle = await startProcess({
    name: 'postgres',
    directory,
    command: path.join(commands.bin, 'postgres'),
    args: [
      '-D',
      data,
      '-p',
      String(port),
      ...Object.entries(options).flatMap(([key, value]) => ['-c', `${key}=${value}`]),
    ],
    env: environment(),
    cwd: '/',
    // SIGTERM would wait for every client to leave; SIGINT ends their sessions and shuts down cleanly.
    stopSignal: 'SIGINT',
    ...account,
  });
  await serveOrStop(handle, () => acceptsLogins(port), { what: 'start PostgreSQL', limitSeconds: 60 });
  const url = `postgresql://${user}:${password}@${loopback}:${port}/${database}`;
  return Object.assign(handle, { url, host: loopback, port, user, password, database, dataDirectory: data });
}

/** Where the data lives: in the runtime folder, unless PostgreSQL's uid cannot get there (a clone in root's home). */
function prepareHome(directory, { uid, gid }) {
  const inside = path.join(directory, 'postgres');
  const home =
    uid === undefined || othersMayEnter(directory) ? inside : path.join(sharedFolder(), `data-${nameFor(directory)}`);
  mkdirSync(home, { recursive: true });
  if (uid !== undefined) chownSync(home, uid, gid);
  chmodSync(home, 0o700);
  return home;
}

/** Removes a throw-away server's data, wherever it was put. */
export function removePostgresData(directory) {
  rmSync(path.join(directory, 'postgres'), { recursive: true, force: true });
  if (isRoot()) rmSync(path.join(sharedFolder(), `data-${nameFor(directory)}`), { recursive: true, force: true });
}

function nameFor(directory) {
  return createHash('sha256').update(path.resolve(directory)).digest('hex').slice(0, 12);
}

function othersMayEnter(directory) {
  const folder = realpathSync(directory);
  if ((statSync(folder).mode & 0o001) === 0) return false;
  return folder === '/' || othersMayEnter(path.dirname(folder));
}

/** Made under another name first: a data folder that exists is complete, whatever ended an earlier attempt. */
async function initialise({ bin, account, home }, data, passwordFile) {
  const temporary = `${data}.unfinished`;
  rmSync(temporary, { recursive: true, force: true });
  writeFileSync(passwordFile, `${randomBytes(24).toString('hex')}\n`, { mode: 0o600 });
  if (account.uid !== undefined) chownSync(passwordFile, account.uid, account.gid);
  const options = { env: environment(), cwd: '/', limitSeconds: 120, ...account };
  const layOut = ['-D', temporary, '-U', user, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await mustRun(path.join(bin, 'initdb'), [...layOut, '--encoding=UTF8', '--locale=C', '--no-sync'], {
    ...options,
    tried: `make a PostgreSQL data folder in ${home}`,
    next: 'check free disk space and that the folder can be written to',
  });
  await mustRun(path.join(bin, 'postgres'), ['--single', '-D', temporary, 'postgres'], {
    ...options,
    input: `CREATE DATABASE ${database};\n`,
    tried: `create the database ${database}`,
    next: `remove ${home} and try again`,
  });
  renameSync(temporary, data);
}

/**
 * Asks as pg_isready does: a login request is answered by a demand for the password ('R') once the server is up,
 * and by an error ('E') while it still starts.
 */
async function acceptsLogins(port) {
  const body = Buffer.from(`user\0${user}\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(body.length + 8, 0);
  head.writeInt32BE(0x0003_0000, 4);
  const answer = await askTcp({
    host: loopback,
    port,
    request: Buffer.concat([head, body]),
    isComplete: (bytes) => bytes.length >= 1,
  });
  return String.fromCharCode(answer[0]) === 'R';
}

/** The caller's PG* variables would reach into our server, and its locale into the sort order. */
function environment() {
  return { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' };
}
