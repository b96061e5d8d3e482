// npm test: sets up what the tests need, runs each part with Jest, and closes with one plain line of its numbers.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { faultTable, skippedFaults } from './fault-table.mjs';
import { removeAsteriskState } from './runtime/asterisk.mjs';
import { run } from './runtime/commands.mjs';
import { reservePorts } from './runtime/ports.mjs';
import { removePostgresData, startPostgres } from './runtime/postgres.mjs';
import { endRecorded, isAlive, startTimeOf } from './runtime/processes.mjs';
import { explain, say, step } from './runtime/progress.mjs';
import { ensureBuild, ensureNodeModules } from './runtime/project.mjs';
import { startRedis } from './runtime/redis.mjs';
import { projectDirectory, runtimeDirectory } from './runtime/settings.mjs';
import { ensureTools } from './runtime/tools.mjs';

/** Faults come last and one file at a time: they freeze and kill what others would be waiting for. */
const parts = {
  unit: { needsServers: false, args: [] },
  integration: { needsServers: true, args: [] },
  e2e: { needsServers: true, args: ['--maxWorkers=3'] },
  faults: { needsServers: true, args: ['--runInBand'] },
  load: { needsServers: true, args: ['--runInBand'] },
};
/** A run of everything has no time for faults under load: `npm run test:faults` has them. */
const partsOfAll = ['unit', 'integration', 'e2e', 'faults'];

/** After its results, Jest waits for what a test has left open; a test that left something is no reason to wait on. */
const openHandlesSeconds = 15;

/** Each fault meets 3,000 calls. */
const long = process.argv.includes('--long');
const given = process.argv.slice(2).filter((argument) => argument !== '--long');
let named = 0;
while (named < given.length && Object.hasOwn(parts, given[named])) named += 1;
const chosen = named > 0 ? given.slice(0, named) : partsOfAll;
const jestArguments = given.slice(named);

const directory = path.join(runtimeDirectory(), `test-${process.pid}-${startTimeOf(process.pid)}`);
const total = { passed: 0, failed: 0, skipped: 0 };
let servers;
let jest;
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
  process.on(signal, () => {
    stopping = true;
    // Jest gets the terminal's Ctrl-C by itself; a signal to this process alone must be passed on.
    if (jest) jest.kill(signal);
  });
}

process.exitCode = await main();

async function main() {
  let code = 0;
  try {
    await ensureNodeModules();
    await removeAbandonedRuns();
    mkdirSync(directory, { recursive: true });
    if (chosen.some((part) => parts[part].needsServers)) servers = await startServers();
    for (const part of chosen) if (!stopping) await runPart(part);
  } catch (error) {
    code = explain(error);
  }
  process.stdout.write(faultTable(directory, { long }));
  total.skipped += skippedFaults(directory);
  try {
    await cleanUp(code !== 0 || total.failed > 0);
  } catch (error) {
    code = explain(error);
  }
  if (stopping) code = 130;
  if (code === 0 && total.passed + total.failed === 0) {
    say('No test ran: either there are none for what was asked, or the pattern matches none.');
    code = 1;
  }
  process.stdout.write(
    `${total.passed} passed, ${total.failed} failed${total.skipped ? `, ${total.skipped} skipped` : ''}\n`,
  );
  return code || (total.failed > 0 ? 1 : 0);
}

/** One PostgreSQL and one Redis for the run; each test file makes a database and a queue prefix of its own. */
async function startServers() {
  const tools = await ensureTools();
  await ensureBuild();
  // What the set-up has just written would be flushed in the middle of a call, and the disk stands still for seconds then.
  await step('Writing to disk', () => run('sync', [], { limitSeconds: 120 }));
  const ports = await reservePorts();
  const redis = await startRedis({ directory, tools, port: ports.redis });
  const postgres = await startPostgres({ directory, tools, port: ports.postgres, durable: false });
  say(
    `PostgreSQL ${tools.postgres.major}, Redis ${tools.redis.version}, Asterisk ${tools.asterisk.version}, SIPp ${tools.sipp.version}`,
  );
  return {
    handles: [redis, postgres],
    environment: {
      SIAGA_TEST_DATABASE_URL: postgres.url,
      SIAGA_TEST_REDIS_URL: redis.url,
      SIAGA_TEST_TOOLS: JSON.stringify(tools),
      SIAGA_TEST_DIR: directory,
    },
  };
}

async function runPart(part) {
  process.stdout.write(`\n== ${part}\n`);
  const outputFile = path.join(directory, `jest-${part}.json`);
  const args = ['--selectProjects', part, '--passWithNoTests', '--json', `--outputFile=${outputFile}`];
  const code = await runJest([...args, ...parts[part].args, ...jestArguments], outputFile);
  const results = readResults(outputFile);
  if (!results) {
    say(`Jest ended with exit code ${code} and left no results for ${part}: counted as one failure.`);
    total.failed += 1;
    return;
  }
  total.passed += results.numPassedTests;
  total.failed += results.numFailedTests + results.numRuntimeErrorTestSuites;
  total.skipped += results.numPendingTests + results.numTodoTests;
  // Jest can fail without a failed test, for example by a test that ended its process.
  if (code !== 0 && results.numFailedTests + results.numRuntimeErrorTestSuites === 0) total.failed += 1;
}

function runJest(args, outputFile) {
  return new Promise((resolve, reject) => {
    const program = path.join(projectDirectory, 'node_modules/jest/bin/jest.js');
    const nodeOptions = [process.env.NODE_OPTIONS, '--experimental-vm-modules', '--no-warnings']
      .filter(Boolean)
      .join(' ');
    jest = spawn(process.execPath, [program, ...args], {
      cwd: projectDirectory,
      // Jest repeats its JSON on standard output, where nobody wants to read it.
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        ...process.env,
        ...servers?.environment,
        NODE_OPTIONS: nodeOptions,
        ...(long ? { SIAGA_TEST_LONG: '1' } : {}),
      },
    });
    const child = jest;
    let seen = 0;
    const watch = setInterval(() => {
      if (!existsSync(outputFile) || (seen += 1) < openHandlesSeconds) return;
      say(`A test left something open: Jest did not end within ${openHandlesSeconds} s of its results. It is killed.`);
      child.kill('SIGKILL');
      clearInterval(watch);
    }, 1_000);
    jest.on('error', reject);
    jest.on('exit', (code) => {
      clearInterval(watch);
      resolve(code);
    });
  });
}

function readResults(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Logs are kept when something failed, for whoever looks for the reason. */
async function cleanUp(keepLogs) {
  for (const handle of servers?.handles ?? []) await handle.stop();
  await endAllUnder(directory);
  if (keepLogs) say(`Logs of this run: ${directory}`);
  else remove(directory);
}

/** Each test file records what it starts in a folder of its own below ours. */
async function endAllUnder(run) {
  for (const folder of recordedFolders(run)) await endRecorded(folder);
}

/** Some state lies elsewhere: where PostgreSQL's own uid can reach it, where Asterisk's socket path is short enough. */
function remove(run) {
  for (const folder of recordedFolders(run)) {
    removePostgresData(folder);
    removeAsteriskState(folder);
  }
  rmSync(run, { recursive: true, force: true });
}

function recordedFolders(run) {
  if (!existsSync(run)) return [];
  const files = readdirSync(run, { recursive: true });
  return files
    .filter((file) => path.basename(file) === 'processes.json')
    .map((file) => path.join(run, path.dirname(file)));
}

/** Runs that were killed left servers and folders behind. Folders of runs that failed stay until the next run. */
async function removeAbandonedRuns() {
  mkdirSync(runtimeDirectory(), { recursive: true });
  for (const entry of readdirSync(runtimeDirectory())) {
    const match = /^test-(\d+)-(\d+)$/.exec(entry);
    if (!match || isAlive({ pid: Number(match[1]), startTime: match[2] })) continue;
    const abandoned = path.join(runtimeDirectory(), entry);
    await endAllUnder(abandoned);
    remove(abandoned);
  }
}
