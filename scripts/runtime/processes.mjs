// Children of a stack: started in their own process group, recorded by pid and start time, ended by id only.
import { spawn } from 'node:child_process';
import { chmodSync, closeSync, fstatSync, mkdirSync, openSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { StepError } from './progress.mjs';

const fileName = 'processes.json';
const claimed = new Set();

/**
 * When a process started, in clock ticks since boot; null when it is gone. A pid alone is not enough to end a process:
 * the kernel may have given the number to somebody else's.
 */
export function startTimeOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : fields[19];
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'ESRCH') return null;
    throw error;
  }
}

export function isAlive({ pid, startTime }) {
  return startTimeOf(pid) === startTime;
}

export function thisProcess() {
  return { pid: process.pid, startTime: startTimeOf(process.pid) };
}

/**
 * Makes `directory` this process's own: ends what an earlier, dead owner left running there, and refuses when the
 * owner lives. Others may pass through the folder (x) but not list it, so that PostgreSQL under another uid can reach
 * its data; every secret in it has a mode of its own.
 */
export async function claimDirectory(directory) {
  if (claimed.has(directory)) return;
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o711);
  const { owner, processes } = read(directory);
  if (owner && isAlive(owner) && owner.pid !== process.pid) {
    throw new StepError({
      tried: `use ${directory} for a stack`,
      happened: `process ${owner.pid} already runs one there`,
      next: 'stop it (Ctrl-C in its terminal), or set SIAGA_RUNTIME_DIR to another folder',
    });
  }
  if (owner?.pid !== process.pid) await Promise.all(processes.map((leftover) => end(leftover, 'SIGTERM', 5)));
  claimed.add(directory);
  write(directory, { owner: thisProcess(), processes: owner?.pid === process.pid ? processes : [] });
}

/** Ends what is recorded in `directory`, unless another process that is alive owns it. */
export async function endRecorded(directory) {
  const { owner, processes } = read(directory);
  if (owner && isAlive(owner) && owner.pid !== process.pid) return;
  await Promise.all(processes.map((recorded) => end(recorded, 'SIGTERM', 5)));
}

/**
 * Starts a long-running child with its output in `directory/<name>.log`.
 * The child does not get the terminal's Ctrl-C: the stack stops its parts in order instead.
 */
export async function startProcess({ name, directory, command, args, env, cwd, uid, gid, stopSignal = 'SIGTERM' }) {
  await claimDirectory(directory);
  const logFile = path.join(directory, `${name}.log`);
  const log = openSync(logFile, 'a', 0o600);
  // An earlier run's last words stay in the file, but must not be taken for this one's.
  const logStart = fstatSync(log).size;
  const child = spawn(command, args, {
    cwd,
    env: env ?? process.env,
    detached: true,
    stdio: ['ignore', log, log],
    ...(uid === undefined ? {} : { uid, gid }),
  });
  closeSync(log);
  const handle = { name, pid: child.pid, logFile, logStart, ended: null };
  handle.exited = new Promise((resolve) => {
    const finish = (ended) => {
      handle.ended ??= ended;
      resolve(handle.ended);
    };
    child.on('exit', (code, signal) => finish({ code, signal }));
    child.on('error', (error) => finish({ code: null, signal: null, error }));
  });
  if (child.pid === undefined) {
    const { error } = await handle.exited;
    throw new StepError({ tried: `start ${name}`, happened: `${command}: ${error.message}` });
  }
  const recorded = { name, pid: child.pid, startTime: startTimeOf(child.pid) };
  remember(directory, recorded);
  handle.kill = (signal = 'SIGTERM') => !handle.ended && child.kill(signal);
  handle.stop = async ({ limitSeconds = 10 } = {}) => {
    if (!handle.ended) await end(recorded, stopSignal, limitSeconds);
    await handle.exited;
    forget(directory, recorded);
  };
  return handle;
}

/** Asks a process to stop, and kills its whole group when it has not done so within the limit. */
async function end(recorded, signal, limitSeconds) {
  if (recorded.startTime === null || !isAlive(recorded)) return;
  send(recorded.pid, signal);
  // A frozen process cannot hear a polite signal.
  send(recorded.pid, 'SIGCONT');
  const deadline = Date.now() + limitSeconds * 1000;
  while (Date.now() < deadline) {
    if (!isAlive(recorded)) return;
    await sleep(20);
  }
  send(-recorded.pid, 'SIGKILL');
  const killedBy = Date.now() + 5000;
  while (isAlive(recorded)) {
    if (Date.now() > killedBy) {
      throw new StepError({
        tried: `stop ${recorded.name} (process ${recorded.pid})`,
        happened: 'it is still there 5 s after SIGKILL',
        next: 'the kernel is waiting for a device, most likely a disk: look at dmesg',
      });
    }
    await sleep(20);
  }
}

function send(pid, signal) {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It ended by itself between the look and the signal: that is what was wanted.
    if (error.code !== 'ESRCH') throw error;
  }
}

function remember(directory, recorded) {
  const state = read(directory);
  write(directory, { ...state, processes: [...state.processes, recorded] });
}

function forget(directory, recorded) {
  const state = read(directory);
  write(directory, { ...state, processes: state.processes.filter(({ pid }) => pid !== recorded.pid) });
}

function read(directory) {
  try {
    return JSON.parse(readFileSync(path.join(directory, fileName), 'utf8'));
  } catch (error) {
    if (error.code === 'ENOENT') return { owner: null, processes: [] };
    throw error;
  }
}

function write(directory, state) {
  const temporary = path.join(directory, `.${fileName}.${process.pid}`);
  writeFileSync(temporary, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, path.join(directory, fileName));
}
