// A Redis of our own: loopback only, with a password, never dropping a job to make room, and writing every job down.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { claimDirectory, startProcess } from './processes.mjs';
import { passwordFor } from './secrets.mjs';
import { loopback } from './settings.mjs';
import { askTcp, serveOrStop } from './wait.mjs';

/** Returns a process handle with `url`, `host`, `port`, `password`. */
export async function startRedis({ directory, tools, port, settings = {} }) {
  await claimDirectory(directory);
  const data = path.join(directory, 'redis');
  mkdirSync(data, { recursive: true, mode: 0o700 });
  const password = passwordFor(directory, 'redis');
  // In a file and not on the command line, which every user of the machine can read.
  const configuration = path.join(data, 'redis.conf');
  const lines = {
    bind: loopback,
    port,
    requirepass: password,
    dir: JSON.stringify(data),
    appendonly: 'yes',
    appendfsync: 'everysec',
    'maxmemory-policy': 'noeviction',
    daemonize: 'no',
    ...settings,
  };
  writeFileSync(
    configuration,
    Object.entries(lines)
      .map((line) => `${line.join(' ')}\n`)
      .join(''),
    { mode: 0o600 },
  );
  const { command, args } = tools.redis;
  const handle = await startProcess({ name: 'redis', directory, command, args: [...args, configuration], cwd: data });
  await serveOrStop(handle, () => answersPing(port, password), { what: 'start Redis', limitSeconds: 30 });
  return Object.assign(handle, { url: `redis://:${password}@${loopback}:${port}`, host: loopback, port, password });
}

async function answersPing(port, password) {
  const answer = await askTcp({
    host: loopback,
    port,
    request: `AUTH ${password}\r\nPING\r\n`,
    isComplete: (bytes) => bytes.toString().split('\r\n').length > 2,
  });
  if (answer.toString().includes('+PONG')) return true;
  throw new Error(answer.toString().trim());
}
