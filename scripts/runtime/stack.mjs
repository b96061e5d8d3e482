// A whole stack: every part started in order, told of each other, and stopped in the order that loses nothing.
import path from 'node:path';
import {
  apiClient,
  ensureOperators,
  ensureTokens,
  giveOperatorHisToken,
  listAgencies,
  pointTrunksHere,
} from './accounts.mjs';
import { answersAri, askAri, startAsterisk } from './asterisk.mjs';
import { migrateDatabase, startController } from './controller.mjs';
import { reservePorts } from './ports.mjs';
import { startPostgres } from './postgres.mjs';
import { claimDirectory } from './processes.mjs';
import { say, step, StepError } from './progress.mjs';
import { ensureBuild, ensureNodeModules } from './project.mjs';
import { startRedis } from './redis.mjs';
import { passwordFor, writePrivate } from './secrets.mjs';
import { loopback, runtimeDirectory } from './settings.mjs';
import { ensureTools } from './tools.mjs';
import { waitUntil } from './wait.mjs';

/**
 * Starts PostgreSQL, Redis, Asterisk, `controllers` controllers (the first leads, the others stand by) and `workers`
 * separate workers. With `accounts`, tokens, operators and agency trunks on this machine are made, and `description`
 * is what stack.json says. If anything fails, what had started is stopped again.
 */
export async function startStack({
  directory = runtimeDirectory(),
  city = process.env.SIAGA_CITY || 'pekanbaru',
  controllers = 1,
  workers = 0,
  operators = 3,
  accounts = true,
  durable = true,
  asteriskEnv = {},
  controllerEnv = {},
  controllerProgram,
} = {}) {
  await ensureNodeModules();
  const tools = await ensureTools({ only: neededTools() });
  await ensureBuild();
  await claimDirectory(directory);
  const ports = await reservePorts({ exact: true });
  const amlKey = process.env.SIAGA_AML_KEY || passwordFor(directory, 'aml');
  const stack = { directory, ports, tools, city, amlKey, controllers: [], workers: [] };
  stack.stop = () => stopInOrder(stack);
  try {
    await step('Starting PostgreSQL, Redis and Asterisk', () => startServers(stack, { durable, asteriskEnv }));
    await step('Bringing the database up to date', () => migrateDatabase(stack.postgres.url));
    const ways = {
      stack,
      city,
      env: { SIAGA_AML_KEY: amlKey, ...controllerEnv },
      program: controllerProgram,
      role: workers > 0 ? 'controller' : 'all',
    };
    await step('Starting controllers', () => startControllers(ways, controllers, workers));
    if (accounts) await step('Making accounts', () => makeAccounts(stack, operators));
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** Servers that exist already, named in the environment, are used instead of starting one. */
async function startServers(stack, { durable, asteriskEnv }) {
  const { directory, tools, ports } = stack;
  const { SIAGA_DATABASE_URL: databaseUrl, SIAGA_REDIS_URL: redisUrl, SIAGA_ARI_URL: ariUrl } = process.env;
  const parts = {
    postgres: () =>
      databaseUrl ? existing(databaseUrl) : startPostgres({ directory, tools, port: ports.postgres, durable }),
    redis: () => (redisUrl ? existing(redisUrl) : startRedis({ directory, tools, port: ports.redis })),
    asterisk: () =>
      ariUrl ? existingAsterisk(ariUrl, directory) : startAsterisk({ directory, tools, ports, env: asteriskEnv }),
  };
  // All are waited for even when one fails, so that none is left running unseen.
  const results = await Promise.allSettled(
    Object.entries(parts).map(async ([name, start]) => {
      stack[name] = await start();
    }),
  );
  const failed = results.find(({ status }) => status === 'rejected');
  if (failed) throw failed.reason;
}

function neededTools() {
  return [
    ...(process.env.SIAGA_ARI_URL ? [] : ['asterisk']),
    ...(process.env.SIAGA_REDIS_URL ? [] : ['redis']),
    ...(process.env.SIAGA_DATABASE_URL ? [] : ['postgres']),
    'sipp',
  ];
}

async function existing(url) {
  return { url, pid: null, stop: async () => undefined };
}

async function existingAsterisk(url, directory) {
  const wanted = [
    'SIAGA_ARI_USER',
    'SIAGA_ARI_PASSWORD',
    'SIAGA_AMI_USER',
    'SIAGA_AMI_PASSWORD',
    'SIAGA_RECORDINGS_DIR',
  ];
  const missing = wanted.filter((name) => !process.env[name]);
  if (missing.length > 0) {
    throw new StepError({
      tried: 'use the Asterisk that SIAGA_ARI_URL names',
      happened: `${missing.join(', ')} ${missing.length > 1 ? 'are' : 'is'} not set`,
      next: 'set them to what that Asterisk is configured with, or leave SIAGA_ARI_URL out to have one started',
    });
  }
  const { env } = process;
  const host = new URL(url).hostname;
  const ari = { url: url.replace(/\/(?:ari\/?)?$/, ''), user: env.SIAGA_ARI_USER, password: env.SIAGA_ARI_PASSWORD };
  await waitUntil(() => answersAri(ari), { what: `reach the Asterisk at ${url} (SIAGA_ARI_URL)`, limitSeconds: 10 });
  return {
    ...(await existing(url)),
    node: env.SIAGA_NODE || 'siaga-1',
    ari,
    ami: {
      host: env.SIAGA_AMI_HOST || host,
      port: Number(env.SIAGA_AMI_PORT || 5038),
      user: env.SIAGA_AMI_USER,
      password: env.SIAGA_AMI_PASSWORD,
    },
    sip: {
      host: env.SIAGA_SIP_HOST || host,
      port: Number(env.SIAGA_SIP_PORT || 5060),
      number: env.SIAGA_SIP_NUMBER || '112',
    },
    hepPort: Number(env.SIAGA_HEP_PORT || 9060),
    recordingsDirectory: env.SIAGA_RECORDINGS_DIR,
    celFile: env.SIAGA_CEL_FILE || path.join(directory, 'siaga-cel.json'),
  };
}

/** One after the other, so that the first leads and the database's first fill happens once. */
async function startControllers({ stack, city, env, program, role }, controllers, workers) {
  const { directory, asterisk, postgres, redis, ports } = stack;
  const shared = { directory, asterisk, databaseUrl: postgres.url, redisUrl: redis.url, city, env, program };
  const wanted = [
    ...Array.from({ length: controllers }, (_, rank) => ({ role, rank })),
    ...Array.from({ length: workers }, (_, rank) => ({ role: 'worker', rank })),
  ];
  if (wanted.length > ports.http.length) {
    throw new StepError({
      tried: `start ${controllers} controllers and ${workers} workers`,
      happened: `a stack has room for ${ports.http.length} of them together`,
      next: 'ask for fewer (SIAGA_CONTROLLERS)',
    });
  }
  for (const [index, one] of wanted.entries()) {
    const handle = await startController({ ...shared, ...one, port: ports.http[index] });
    (one.role === 'worker' ? stack.workers : stack.controllers).push(handle);
  }
}

async function makeAccounts(stack, operatorCount) {
  const { directory, postgres, controllers, ports } = stack;
  const { http } = controllers[0];
  const made = await ensureTokens({ directory, databaseUrl: postgres.url, http });
  const api = apiClient(http, made.admin);
  const operators = await ensureOperators({ api, directory, count: operatorCount });
  const tokens = await giveOperatorHisToken({ api, directory, tokens: made, operatorId: operators[0]?.id });
  await pointTrunksHere({ api, firstPort: ports.spare.first + 30 });
  const agencies = await listAgencies(api);
  stack.api = api;
  stack.description = await describe(stack, { tokens, operators, agencies });
}

/** The contract of stack.json (DESIGN.md). */
async function describe(
  { directory, postgres, redis, asterisk, controllers, workers, amlKey },
  { tokens, operators, agencies },
) {
  const { host, port, number } = asterisk.sip;
  const applications = await askAri(asterisk.ari, 'applications');
  return {
    http: controllers[0].http,
    tokens,
    sip: { host: host === '0.0.0.0' ? loopback : host, port, number },
    operators,
    agencies,
    aml: { url: `${controllers[0].http}/v1/locations/aml`, key: amlKey },
    postgres: postgres.url,
    redis: redis.url,
    ari: asterisk.ari,
    controllers: controllers.map(({ pid, http, rank }) => ({
      pid,
      http,
      application: applicationOf(applications, pid),
      rank,
    })),
    workers: workers.map(({ pid }) => ({ pid })),
    pids: { asterisk: asterisk.pid, postgres: postgres.pid, redis: redis.pid },
    logs: directory,
  };
}

/** Every start of a controller has its own application in Asterisk; its pid is part of the name. */
function applicationOf(applications, pid) {
  return applications.map(({ name }) => name).find((name) => name.split('-').includes(String(pid))) ?? null;
}

export function writeDescription(stack) {
  const file = path.join(stack.directory, 'stack.json');
  writePrivate(file, stack.description);
  return file;
}

/** Controllers first, as they still write to everything else; a part that will not stop must not keep the others. */
async function stopInOrder(stack) {
  const { controllers, workers, asterisk, redis, postgres } = stack;
  for (const group of [controllers, workers, [asterisk], [redis], [postgres]]) {
    const results = await Promise.allSettled(group.filter(Boolean).map((part) => part.stop({ limitSeconds: 15 })));
    for (const { status, reason } of results) if (status === 'rejected') say(`While stopping: ${reason.message}`);
  }
  stack.ports.release();
}
