// An Asterisk of our own, configured by asterisk-config/render.sh, the same script that the container image uses.
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { mustRun } from './commands.mjs';
import { reservePorts } from './ports.mjs';
import { claimDirectory, startProcess } from './processes.mjs';
import { passwordFor } from './secrets.mjs';
import { loopback, projectDirectory } from './settings.mjs';
import { serveOrStop } from './wait.mjs';

const number = '112';
// The kernel takes socket paths up to 107 bytes; Asterisk's own is the run folder and "/run/asterisk.ctl".
const longestRunPath = 85;

/**
 * Starts Asterisk with everything it writes under `directory`. `ports` is a block of reservePorts (one is reserved when
 * left out), `env` overrides what render.sh reads. Returns a process handle with `ari`, `ami`, `sip`, `hepPort`,
 * `recordingsDirectory`, `celFile`, `queuesFile`, `recordingFile`, `configFile` and `ports`.
 */
export async function startAsterisk({ directory, tools, ports, env = {}, node = 'siaga-1', renderScript }) {
  await claimDirectory(directory);
  const block = ports ?? (await reservePorts());
  const settings = { ...settingsFor({ directory, tools, block, node }), ...env };
  const configDirectory = path.join(settings.ASTERISK_RUN_DIR, 'etc');
  await render(renderScript ?? path.join(projectDirectory, 'asterisk-config/render.sh'), configDirectory, settings);
  const configFile = path.join(configDirectory, 'asterisk.conf');
  const { command, args } = tools.asterisk;
  const handle = await startProcess({
    name: 'asterisk',
    directory,
    command,
    args: [...args, '-C', configFile, '-f'],
    env: environment(),
    cwd: settings.ASTERISK_RUN_DIR,
  });
  const ari = {
    url: `http://${settings.ASTERISK_HTTP_BIND_HOST}:${settings.ASTERISK_HTTP_PORT}`,
    user: settings.ASTERISK_ARI_USER,
    password: settings.ASTERISK_ARI_PASSWORD,
  };
  await serveOrStop(handle, () => answersAri(ari), { what: 'start Asterisk', limitSeconds: 30 });
  const queuesFile = path.join(settings.ASTERISK_RUN_DIR, 'log/cel-custom/queues.txt');
  const recordingFile = path.join(settings.ASTERISK_RUN_DIR, 'log/cel-custom/recording.txt');
  const beside = (name, script, ...given) =>
    startProcess({
      name,
      directory,
      command: 'sh',
      args: [path.join(projectDirectory, 'asterisk-config', script), ...given, command, ...args, '-C', configFile],
      env: environment(),
      cwd: settings.ASTERISK_RUN_DIR,
    });
  const lowMegabytes = settings.ASTERISK_RECORDINGS_LOW_MEGABYTES ?? '500';
  const watches = [
    await beside('asterisk-queues', 'watch-queues.sh', queuesFile),
    await beside(
      'asterisk-recordings',
      'watch-recordings.sh',
      settings.ASTERISK_RECORDINGS_DIR,
      lowMegabytes,
      recordingFile,
    ),
  ];
  const stopWatches = () => Promise.all(watches.map((watch) => watch.stop()));
  void handle.exited.then(stopWatches);
  const stopProcess = handle.stop;
  return Object.assign(handle, {
    node,
    ari,
    ami: amiOf(settings),
    sip: { ...hostAndPort(settings.ASTERISK_SIP_BIND), number },
    hepPort: Number(settings.ASTERISK_HEP_PORT),
    runDirectory: settings.ASTERISK_RUN_DIR,
    recordingsDirectory: settings.ASTERISK_RECORDINGS_DIR,
    celFile: path.join(settings.ASTERISK_RUN_DIR, 'log/cel-custom/siaga-cel.json'),
    queuesFile,
    recordingFile,
    configFile,
    tool: tools.asterisk,
    ports: block,
    stop: async (options) => {
      await stopWatches();
      await stopProcess(options);
      // A block that was handed in belongs to the caller.
      if (!ports) block.release();
    },
  });
}

/** Runs a command on Asterisk's own console and resolves with what it prints. */
export async function asteriskCli(handle, line, { limitSeconds = 10 } = {}) {
  const { command, args } = handle.tool;
  const { stdout } = await mustRun(command, [...args, '-C', handle.configFile, '-rx', line], {
    tried: `ask Asterisk "${line}"`,
    next: `see ${handle.logFile}`,
    env: environment(),
    limitSeconds,
  });
  return stdout;
}

/** True once ARI answers with these credentials. */
export async function answersAri(ari) {
  await askAri(ari, 'asterisk/info');
  return true;
}

export async function askAri({ url, user, password }, route) {
  const authorization = `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  const response = await fetch(`${url}/ari/${route}`, {
    headers: { authorization },
    signal: AbortSignal.timeout(2000),
  });
  const text = await response.text();
  if (response.status === 200) return JSON.parse(text);
  throw new Error(`ARI answered ${response.status} to ${route}`);
}

function settingsFor({ directory, tools, block, node }) {
  const runDirectory = shortRunDirectory(path.join(directory, 'asterisk'));
  const recordings = path.join(directory, 'recordings');
  mkdirSync(recordings, { recursive: true, mode: 0o700 });
  return {
    ASTERISK_RUN_DIR: runDirectory,
    ASTERISK_RECORDINGS_DIR: recordings,
    ASTERISK_MODULES_DIR: tools.asterisk.modulesDirectory,
    ASTERISK_DATA_DIR: tools.asterisk.dataDirectory,
    ASTERISK_SOUNDS_DIR: path.join(projectDirectory, 'asterisk-config/sounds'),
    ASTERISK_NODE: node,
    ASTERISK_SIP_BIND: `${loopback}:${block.sip}`,
    ASTERISK_RTP_START: String(block.rtp.first),
    ASTERISK_RTP_END: String(block.rtp.last),
    ASTERISK_HTTP_BIND_HOST: loopback,
    ASTERISK_HTTP_PORT: String(block.ari),
    ASTERISK_ARI_USER: 'siaga',
    ASTERISK_ARI_PASSWORD: passwordFor(directory, 'ari'),
    ASTERISK_AMI_HOST: loopback,
    ASTERISK_AMI_PORT: String(block.ami),
    ASTERISK_AMI_USER: 'siaga',
    ASTERISK_AMI_PASSWORD: passwordFor(directory, 'ami'),
    ASTERISK_HEP_PORT: String(block.hep),
    ASTERISK_CARRIERS: `loopback=${loopback}`,
  };
}

/** A clone deep in the file system gets a short folder elsewhere, with a link where one would look for it. */
function shortRunDirectory(wanted) {
  if (existsSync(wanted)) return realpathSync(wanted);
  if (wanted.length <= longestRunPath) {
    mkdirSync(wanted, { recursive: true, mode: 0o700 });
    return wanted;
  }
  const short = mkdtempSync(path.join(tmpdir(), 'siaga-asterisk-'));
  // The link of an earlier start leads nowhere once the machine has emptied its temporary folder.
  rmSync(wanted, { force: true });
  symlinkSync(short, wanted);
  return short;
}

/** Removes what Asterisk wrote, wherever it was put. */
export function removeAsteriskState(directory) {
  const state = path.join(directory, 'asterisk');
  if (existsSync(state)) rmSync(realpathSync(state), { recursive: true, force: true });
  rmSync(state, { force: true });
}

async function render(script, output, settings) {
  mkdirSync(output, { recursive: true, mode: 0o700 });
  await mustRun('sh', [script, output], {
    tried: "write Asterisk's configuration",
    next: `run it by hand to see more: sh ${script} ${output}`,
    env: { ...process.env, ...settings },
  });
}

function amiOf(settings) {
  return {
    host: settings.ASTERISK_AMI_HOST,
    port: Number(settings.ASTERISK_AMI_PORT),
    user: settings.ASTERISK_AMI_USER,
    password: settings.ASTERISK_AMI_PASSWORD,
  };
}

function hostAndPort(text) {
  const [host, port] = text.split(':');
  return { host, port: Number(port) };
}

/** Without the caller's variables, so that Asterisk behaves the same wherever it is started from. */
function environment() {
  const { PATH, HOME, TMPDIR } = process.env;
  return { PATH, ...(HOME ? { HOME } : {}), ...(TMPDIR ? { TMPDIR } : {}), LC_ALL: 'C.UTF-8', TZ: 'UTC' };
}
