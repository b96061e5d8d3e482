// The programs a stack is made of: what is on the PATH in a fit version, else a copy in the per-user cache.
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { run, whatHappened } from './commands.mjs';
import {
  architecture,
  candidateVersion,
  checkDebianTools,
  downloadPackages,
  dropDownloads,
  openArchive,
  plannedPackages,
  programInRoot,
  unpackPackages,
} from './debian-packages.mjs';
import { withLock } from './locks.mjs';
import { findPostgres } from './postgres-binaries.mjs';
import { startTimeOf } from './processes.mjs';
import { StepError, say } from './progress.mjs';
import { cacheDirectory, downloadIsForced } from './settings.mjs';

/** `programs` are looked for in this order; `inRoot` says where Debian's package puts the first of them. */
const wantedTools = {
  asterisk: {
    title: 'Asterisk',
    minimum: '22.10.1',
    programs: ['asterisk'],
    inRoot: 'usr/sbin/asterisk',
    packages: ['asterisk', 'asterisk-core-sounds-en-gsm'],
    versionArguments: ['-V'],
    versionPattern: /^Asterisk (?:certified\/)?(\d+(?:\.\d+)+)/m,
  },
  redis: {
    title: 'Redis',
    minimum: '7.0.0',
    programs: ['redis-server', 'valkey-server'],
    inRoot: 'usr/bin/redis-server',
    packages: ['redis-server'],
    versionArguments: ['--version'],
    versionPattern: /server v=(\d+(?:\.\d+)+)/,
  },
  sipp: {
    title: 'SIPp',
    minimum: '3.8.0',
    programs: ['sipp'],
    inRoot: 'usr/bin/sipp',
    packages: ['sip-tester'],
    versionArguments: ['-v'],
    versionPattern: /SIPp v(\d+(?:\.\d+)+)/,
  },
};

/**
 * Returns { asterisk, redis, sipp, postgres }, each with its version, and how to run it: { command, args } for the first
 * three (your own arguments come after `args`), folders for PostgreSQL. Needs node_modules when PostgreSQL is not
 * installed, as its programs come from there. `only` leaves out what a caller does not need.
 */
export async function ensureTools({ only = ['asterisk', 'redis', 'sipp', 'postgres'] } = {}) {
  if (process.env.SIAGA_TEST_TOOLS) return JSON.parse(process.env.SIAGA_TEST_TOOLS);
  const tools = {};
  const missing = [];
  for (const name of Object.keys(wantedTools).filter((one) => only.includes(one))) {
    tools[name] = (await findOnPath(name)) ?? (await findInCache(name));
    if (!tools[name]) missing.push(name);
  }
  if (missing.length > 0) {
    await fetchMissing(missing);
    for (const name of missing) tools[name] = await mustFindInCache(name);
  }
  if (only.includes('postgres')) tools.postgres = await findPostgres();
  return tools;
}

async function findOnPath(name) {
  if (downloadIsForced()) return null;
  const { title, programs, minimum } = wantedTools[name];
  for (const program of programs) {
    const command = onPath(program);
    if (!command) continue;
    const version = await versionOf(name, { command, args: [] });
    if (version && atLeast(version, minimum)) return describeTool(name, { command, args: [], version, root: '/' });
    say(
      `  ${title} at ${command} is ${version ?? 'of an unknown version'}; ${minimum} or newer is needed, so a copy is used`,
    );
  }
  return null;
}

async function findInCache(name) {
  const folder = toolsDirectory();
  if (!existsSync(folder)) return null;
  const pattern = new RegExp(`^${name}-([0-9.]+)-${architecture().debian}$`);
  const kept = readdirSync(folder).flatMap((entry) => {
    const version = pattern.exec(entry)?.[1];
    return version && atLeast(version, wantedTools[name].minimum) ? [{ version, entry }] : [];
  });
  kept.sort((a, b) => (atLeast(a.version, b.version) ? -1 : 1));
  if (kept.length === 0) return null;
  const root = path.join(folder, kept[0].entry);
  const { version } = JSON.parse(readFileSync(path.join(root, 'siaga-tool.json'), 'utf8'));
  return describeTool(name, { ...programInRoot(root, wantedTools[name].inRoot), version, root });
}

async function mustFindInCache(name) {
  const found = await findInCache(name);
  if (found) return found;
  throw new StepError({
    tried: `use the downloaded ${wantedTools[name].title}`,
    happened: `it is not in ${toolsDirectory()}, though it was put there a moment ago`,
    next: 'something cleans that folder while it is in use; set SIAGA_CACHE_DIR to another one',
  });
}

async function fetchMissing(missing) {
  const titles = missing.map((name) => wantedTools[name].title).join(', ');
  await checkDebianTools(titles);
  const lockFile = path.join(cacheDirectory(), 'download.lock');
  await withLock(lockFile, { what: `download ${titles}` }, async () => {
    removeAbandoned();
    // Another run may have filled the cache while this one waited for its turn.
    const still = [];
    for (const name of missing) if (!(await findInCache(name))) still.push(name);
    if (still.length === 0) return;
    say(
      `${still.map((name) => wantedTools[name].title).join(', ')} not found on this machine: fetching into ${cacheDirectory()}`,
    );
    const apt = await openArchive(path.join(cacheDirectory(), 'apt'));
    await fetchTools(apt, still);
  });
}

async function fetchTools(apt, names) {
  const planned = {};
  for (const name of names) {
    await checkOffer(apt, name);
    planned[name] = await plannedPackages(apt, wantedTools[name].packages);
  }
  const wanted = names.flatMap((name) => wantedTools[name].packages);
  await downloadPackages(apt, wanted, Object.values(planned).flat());
  for (const name of names) await unpackTool(apt, name, planned[name]);
  dropDownloads(apt);
}

async function checkOffer(apt, name) {
  const { title, packages, minimum } = wantedTools[name];
  const offered = await candidateVersion(apt, packages[0]);
  if (offered && atLeast(offered, minimum)) return;
  throw new StepError({
    tried: `find ${title} ${minimum} or newer in Debian unstable`,
    happened: offered ? `it offers ${offered}` : 'it does not offer the package at present',
    next: `install ${title} on the PATH, or run everything in containers with compose.yaml`,
  });
}

/** Unpacked beside its final place, tried, and only then renamed: whatever is under the final name is whole and runs. */
async function unpackTool(apt, name, planned) {
  const { title, packages, minimum, inRoot, versionArguments } = wantedTools[name];
  const temporary = path.join(toolsDirectory(), `.unpacking-${name}-${process.pid}-${startTimeOf(process.pid)}`);
  await unpackPackages(apt, title, planned, temporary);
  const program = programInRoot(temporary, inRoot);
  const version = await versionOf(name, program);
  if (!version) {
    const result = await run(program.command, [...program.args, ...versionArguments]);
    throw new StepError({
      tried: `run ${title} of Debian unstable from ${temporary}, with its own loader and libraries`,
      happened: whatHappened(path.basename(inRoot), result),
      next: `install ${title} ${minimum} or newer on the PATH, or run everything in containers with compose.yaml`,
    });
  }
  writeFileSync(path.join(temporary, 'siaga-tool.json'), `${JSON.stringify({ name, version, packages }, null, 2)}\n`);
  const place = path.join(toolsDirectory(), `${name}-${version}-${architecture().debian}`);
  rmSync(place, { recursive: true, force: true });
  renameSync(temporary, place);
}

/** Folders of runs that died while unpacking. */
function removeAbandoned() {
  mkdirSync(toolsDirectory(), { recursive: true });
  for (const entry of readdirSync(toolsDirectory())) {
    const match = /^\.unpacking-\w+-(\d+)-(\d+)$/.exec(entry);
    if (match && startTimeOf(Number(match[1])) !== match[2]) {
      rmSync(path.join(toolsDirectory(), entry), { recursive: true, force: true });
    }
  }
}

function describeTool(name, { command, args, version, root }) {
  const tool = { command, args, version, source: root === '/' ? 'PATH' : 'cache' };
  return name === 'asterisk' ? { ...tool, ...asteriskFolders(command, root) } : tool;
}

/** Distributions and builds from source keep modules and documentation in different places. */
function asteriskFolders(command, root) {
  const { triplet } = architecture();
  const prefixes =
    root === '/'
      ? [path.resolve(path.dirname(realpathSync(command)), '..'), '/usr', '/usr/local']
      : [path.join(root, 'usr')];
  const modules = [`lib/${triplet}/asterisk/modules`, 'lib/asterisk/modules', 'lib64/asterisk/modules'];
  const data = ['share/asterisk', '../var/lib/asterisk', 'var/lib/asterisk'];
  return {
    modulesDirectory: firstWith(prefixes, modules, 'res_ari.so', 'modules with ARI (res_ari.so)'),
    dataDirectory: firstWith(prefixes, data, 'documentation', 'documentation, which ARI and PJSIP need to start'),
  };
}

function firstWith(prefixes, folders, file, what) {
  const candidates = prefixes.flatMap((prefix) => folders.map((folder) => path.resolve(prefix, folder)));
  const found = candidates.find((folder) => existsSync(path.join(folder, file)));
  if (found) return found;
  throw new StepError({
    tried: `find Asterisk's ${what}`,
    happened: `it is in none of ${candidates.join(', ')}`,
    next: 'install the missing part of Asterisk, or set SIAGA_FORCE_DOWNLOAD=1 to use a copy that has it',
  });
}

async function versionOf(name, { command, args }) {
  const { versionArguments, versionPattern } = wantedTools[name];
  // SIPp ends with 99 after printing its version, so the output decides and not the exit code.
  const { stdout, stderr } = await run(command, [...args, ...versionArguments], { limitSeconds: 20 });
  return versionPattern.exec(stdout + stderr)?.[1] ?? null;
}

export function onPath(program) {
  for (const folder of [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/local/sbin']) {
    const file = path.join(folder || '.', program);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch (error) {
      if (!['ENOENT', 'EACCES', 'ENOTDIR'].includes(error.code)) throw error;
    }
  }
  return null;
}

export function atLeast(version, minimum) {
  const [have, need] = [version, minimum].map((text) => text.split('.').map(Number));
  for (let i = 0; i < Math.max(have.length, need.length); i++) {
    const difference = (have[i] ?? 0) - (need[i] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function toolsDirectory() {
  return path.join(cacheDirectory(), 'tools');
}
