// Waiting for a real thing to be true, always with a limit.
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { lastLines } from './commands.mjs';
import { StepError } from './progress.mjs';

/**
 * Calls `probe` until it returns something true. A probe that throws counts as "not yet", its message is told when the
 * limit passes. If `process` (a handle of processes.mjs) ends meanwhile, waiting on makes no sense: its log is quoted.
 */
export async function waitUntil(probe, { what, limitSeconds, everyMilliseconds = 50, process: watched, next }) {
  const deadline = Date.now() + limitSeconds * 1000;
  let last = 'no answer yet';
  while (Date.now() < deadline) {
    if (watched?.ended) throw failed(what, `it ended by itself (${describeEnd(watched.ended)})`, watched, next);
    try {
      const result = await probe();
      if (result) return result;
    } catch (error) {
      last = error.message;
    }
    await sleep(everyMilliseconds);
  }
  throw failed(what, `not within ${limitSeconds} s; the last answer was: ${last}`, watched, next);
}

/** Waits until a process that was just started serves; one that does not within the limit is not left running. */
export async function serveOrStop(handle, probe, options) {
  try {
    await waitUntil(probe, { ...options, process: handle });
  } catch (error) {
    await handle.stop();
    throw error;
  }
}

/** Sends `request` to a TCP port and resolves with what comes back once `isComplete(bytes)`. */
export function askTcp({ host, port, request, isComplete, limitMilliseconds = 1000 }) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    let answer = Buffer.alloc(0);
    const finish = (settle, value) => {
      socket.destroy();
      settle(value);
    };
    socket.setTimeout(limitMilliseconds, () => finish(reject, new Error(`no answer on port ${port} in time`)));
    socket.on('connect', () => socket.write(request));
    socket.on('data', (bytes) => {
      answer = Buffer.concat([answer, bytes]);
      if (isComplete(answer)) finish(resolve, answer);
    });
    socket.on('error', (error) => finish(reject, error));
    socket.on('end', () => finish(reject, new Error(`port ${port} closed the connection`)));
  });
}

/** The last lines that a process has logged since it was started. */
export function endOfLog({ logFile, logStart }) {
  return existsSync(logFile) ? lastLines(readFileSync(logFile).subarray(logStart).toString()) : '';
}

function failed(what, happened, watched, next) {
  const log = watched ? endOfLog(watched) : '';
  return new StepError({
    tried: what,
    happened: log ? `${happened}. The end of ${watched.logFile}:\n${log}` : happened,
    next: next ?? (watched ? `read ${watched.logFile}; the first error in it is usually the cause` : undefined),
  });
}

function describeEnd({ code, signal }) {
  return signal ? `signal ${signal}` : `exit code ${code}`;
}
