// The project's own processes: controllers and workers, from the compiled code in dist/.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { mustRun } from './commands.mjs';
import { claimDirectory, startProcess } from './processes.mjs';
import { loopback, projectDirectory } from './settings.mjs';
import { serveOrStop } from './wait.mjs';

const ownSettings = new Set([
  'SIAGA_CACHE_DIR',
  'SIAGA_CONTROLLERS',
  'SIAGA_DEBIAN_MIRROR',
  'SIAGA_FORCE_DOWNLOAD',
  'SIAGA_PORT_BASE',
  'SIAGA_RUNTIME_DIR',
  'SIAGA_SIP_HOST',
  'SIAGA_SIP_PORT',
  'SIAGA_WORKERS',
]);
// Whoever tries a stack out does not want Ctrl-C to wait for calls as long as a city's server does.
const stopSeconds = 10;
/** As in the Dockerfile; why is in docs/adr/0034. */
export const nodeMemory = {
  args: ['--enable-source-maps', '--max-semi-space-size=8', '--heap-growing-percent=40'],
  env: { MALLOC_ARENA_MAX: '2' },
};

/**
 * Starts `program` (dist/main.js) beside an Asterisk. `databaseUrl`, `redisUrl` and `port` (its HTTP port) are needed;
 * `env` adds to or overrides what the process is told. Controllers of one node share `stateDirectory`.
 * Returns a process handle with `http` and `rank`.
 */
export async function startController({
  directory,
  asterisk,
  databaseUrl,
  redisUrl,
  port,
  rank = 0,
  role = 'all',
  city,
  name = role === 'worker' ? `worker-${rank}` : `controller-${rank}`,
  stateDirectory = path.join(directory, 'state'),
  program = path.join(projectDirectory, 'dist/main.js'),
  env = {},
  limitSeconds = 30,
}) {
  await claimDirectory(directory);
  mkdirSync(stateDirectory, { recursive: true, mode: 0o700 });
  const http = `http://${loopback}:${port}`;
  const handle = await startProcess({
    name,
    directory,
    command: process.execPath,
    args: [...nodeMemory.args, program],
    env: {
      ...nodeMemory.env,
      ...inherited(),
      SIAGA_STOP_SECONDS: String(stopSeconds),
      ...asteriskVariables(asterisk),
      SIAGA_ROLE: role,
      SIAGA_RANK: String(rank),
      SIAGA_DATABASE_URL: databaseUrl,
      SIAGA_REDIS_URL: redisUrl,
      SIAGA_HTTP_HOST: loopback,
      SIAGA_HTTP_PORT: String(port),
      SIAGA_STATE_DIR: stateDirectory,
      SIAGA_QUEUE_PREFIX: process.env.SIAGA_QUEUE_PREFIX || 'siaga',
      ...(city ? { SIAGA_CITY: city } : {}),
      ...env,
    },
    cwd: projectDirectory,
  });
  await serveOrStop(handle, () => isReady(http), { what: `start ${name}`, limitSeconds });
  return Object.assign(handle, { http, port, rank, role, name });
}

/** Brings a database up to the newest schema. */
export async function migrateDatabase(databaseUrl) {
  await mustRun(process.execPath, [path.join(projectDirectory, 'dist/platform/migrate.js')], {
    tried: 'bring the database up to the newest schema',
    next: 'see migrations/; a database that a newer version has changed needs that version',
    cwd: projectDirectory,
    env: { ...process.env, SIAGA_DATABASE_URL: databaseUrl },
    limitSeconds: 120,
  });
}

function asteriskVariables({ node, ari, ami, sip, hepPort, recordingsDirectory, celFile, queuesFile, recordingFile }) {
  return {
    SIAGA_NODE: node,
    SIAGA_SIP_NUMBER: sip.number,
    SIAGA_SIP_HOST: sip.host === '0.0.0.0' ? loopback : sip.host,
    SIAGA_SIP_PORT: String(sip.port),
    SIAGA_ARI_URL: ari.url,
    SIAGA_ARI_USER: ari.user,
    SIAGA_ARI_PASSWORD: ari.password,
    SIAGA_AMI_HOST: ami.host,
    SIAGA_AMI_PORT: String(ami.port),
    SIAGA_AMI_USER: ami.user,
    SIAGA_AMI_PASSWORD: ami.password,
    SIAGA_HEP_PORT: String(hepPort),
    SIAGA_RECORDINGS_DIR: recordingsDirectory,
    SIAGA_CEL_FILE: celFile,
    ...(queuesFile ? { SIAGA_ASTERISK_QUEUES_FILE: queuesFile } : {}),
    ...(recordingFile ? { SIAGA_RECORDING_FILE: recordingFile } : {}),
  };
}

/** The scripts' own settings mean nothing to a controller, which refuses settings it does not know as misspelt. */
function inherited() {
  const others = Object.entries(process.env).filter(([name]) => !/^SIAGA_TEST_/.test(name) && !ownSettings.has(name));
  return Object.fromEntries(others);
}

async function isReady(http) {
  const response = await fetch(`${http}/readyz`, { signal: AbortSignal.timeout(2000) });
  const body = await response.text();
  if (response.status === 200) return true;
  throw new Error(`${http}/readyz answered ${response.status} ${body.slice(0, 300)}`);
}
