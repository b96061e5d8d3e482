// Runs a command to its end, with a limit on how long that may take.
import { spawn } from 'node:child_process';
import { StepError } from './progress.mjs';

const keptOutput = 4_000_000;

/**
 * Resolves with { code, stdout, stderr } whatever the exit code; a command that is missing has code null and `error`.
 * `onStatus` receives the lines the command writes to file descriptor 3 (apt's status channel).
 */
export function run(command, args, { cwd, env, input, uid, gid, limitSeconds = 60, onStatus } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: env ?? process.env,
      ...(uid === undefined ? {} : { uid, gid }),
      stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe', ...(onStatus ? ['pipe'] : [])],
    });
    const output = { stdout: '', stderr: '' };
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, limitSeconds * 1000);
    const finish = (result) => {
      clearTimeout(timer);
      if (timedOut) output.stderr += `\n(ended after its limit of ${limitSeconds} s)`;
      resolve({ ...output, timedOut, ...result });
    };
    for (const name of ['stdout', 'stderr']) {
      child[name].setEncoding('utf8').on('data', (text) => {
        if (output[name].length < keptOutput) output[name] += text;
      });
    }
    if (onStatus) forEachLine(child.stdio[3], onStatus);
    if (input !== undefined) {
      // A command that ends without reading all its input closes the pipe: its exit code tells what matters.
      child.stdin.on('error', (error) => (output.stderr += `\n(input not read: ${error.message})`));
      child.stdin.end(input);
    }
    child.on('error', (error) => finish({ code: null, error }));
    child.on('close', (code, signal) => finish({ code, signal }));
  });
}

/** As `run`, but anything but exit code 0 is a StepError that quotes the end of what the command said. */
export async function mustRun(command, args, { tried, next, ...options }) {
  const result = await run(command, args, options);
  if (result.code === 0) return result;
  throw new StepError({ tried, happened: whatHappened(command, result), next });
}

export function whatHappened(command, { code, signal, error, stdout, stderr }) {
  if (error) return `${command} could not be started (${error.message})`;
  const said = lastLines(stderr.trim() || stdout.trim());
  const ending = code === null ? `was ended by ${signal}` : `ended with exit code ${code}`;
  return `${command} ${ending}${said ? `, saying:\n${said}` : ' and said nothing'}`;
}

export function lastLines(text, count = 15) {
  return text
    .trimEnd()
    .split('\n')
    .slice(-count)
    .map((line) => `    ${line}`)
    .join('\n');
}

function forEachLine(stream, onLine) {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop();
    for (const line of lines) onLine(line);
  });
}
