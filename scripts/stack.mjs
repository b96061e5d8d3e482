// npm run stack: everything on this machine in the foreground, until Ctrl-C.
import { endRecorded } from './runtime/processes.mjs';
import { whenOrphaned } from './runtime/orphaned.mjs';
import { explain, say, StepError } from './runtime/progress.mjs';
import { runtimeDirectory } from './runtime/settings.mjs';
import { startStack, writeDescription } from './runtime/stack.mjs';

let stack;
let stopping = false;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => void stop(signal));
whenOrphaned(() => void stop('whoever started it has ended'));

try {
  stack = await startStack({
    controllers: numberFrom('SIAGA_CONTROLLERS', 1),
    workers: numberFrom('SIAGA_WORKERS', 0),
  });
  const file = writeDescription(stack);
  watch(stack);
  process.stdout.write(`${introduction(stack, file)}\n`);
} catch (error) {
  // A stop in the middle of the start makes the rest of the start fail: that is no news.
  if (!stopping) process.exit(explain(error));
}

async function stop(signal) {
  if (stopping) return say('Already stopping; a moment please.');
  stopping = true;
  say(`\n${signal}: stopping`);
  try {
    if (stack) await stack.stop();
    else await endRecorded(runtimeDirectory());
    process.exit(0);
  } catch (error) {
    process.exit(explain(error));
  }
}

/** The stack stays up when a part ends, as whoever ended it may want to see what happens then. */
function watch({ postgres, redis, asterisk, controllers, workers }) {
  for (const part of [postgres, redis, asterisk, ...controllers, ...workers]) {
    void part.exited?.then(({ code, signal }) => {
      if (!stopping) say(`${part.name} has ended (${signal ?? `exit code ${code}`}); its log: ${part.logFile}`);
    });
  }
}

function introduction({ description, ports }, file) {
  const { http, sip, operators, agencies, logs } = description;
  const account = operators[0];
  return [
    '',
    'Siaga 112 is running. Ctrl-C stops it.',
    '',
    `  REST API       ${http}/v1      documentation: ${http}/docs`,
    `  Emergency call any number, for example sip:${sip.number}@${sip.host}:${sip.port}  (UDP, no registration)`,
    `  Logs and data  ${logs}`,
    `  Everything     ${file}  (tokens and passwords: readable by you only)`,
    '',
    'Be an operator: register a softphone with',
    `  user name ${account.username}`,
    `  password  ${account.password}`,
    `  domain    ${sip.host}:${sip.port}  (UDP)`,
    ...operators.slice(1).map(({ username, password }) => `  or        ${username}  ${password}`),
    `Then call 112 from a second softphone that uses no account, and answer the first.`,
    '',
    'Agencies are rung at',
    ...agencies.map(
      ({ id, trunks }) => `  ${id.padEnd(12)} ${trunks.map(({ host, port }) => `${host}:${port}`).join(', then ')}`,
    ),
    `A softphone that listens there answers for them. Ports ${ports.base} to ${ports.rtp.last} belong to this stack.`,
  ].join('\n');
}

function numberFrom(name, otherwise) {
  const text = process.env[name];
  if (!text) return otherwise;
  const number = Number(text);
  if (Number.isInteger(number) && number >= 0) return number;
  throw new StepError({ tried: `read ${name}`, happened: `"${text}" is not a whole number` });
}
