// node bench/screen-pop.mjs [--rate 15] [--seconds 40]: how long after a caller's INVITE his operator's screen pops with who
// calls and from where, while calls come at a rate. A whole stack on this machine, 60 operators' phones that answer after
// 0.3 s, callers that hold for 1.5 s and bring a cell. Figures go to bench/results/screen-pop.json.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { followEvents } from '../scripts/demo/events.mjs';
import { cellOf } from '../scripts/demo/location.mjs';
import { startStack, waitUntil } from '../scripts/runtime.mjs';
import { projectDirectory } from '../scripts/runtime/settings.mjs';
import { startAnswerer, startCrowd } from '../scripts/sip/phone.mjs';

const { values } = parseArgs({
  options: { rate: { type: 'string', default: '15' }, seconds: { type: 'string', default: '40' } },
});
const rate = Number(values.rate);
const calls = rate * Number(values.seconds);
const prefix = '0812';
const folder = mkdtempSync(path.join(tmpdir(), 'siaga-screen-pop-'));
const undo = [() => rmSync(folder, { recursive: true, force: true })];

try {
  const stack = await startStack({ directory: path.join(folder, 'stack'), operators: 60 });
  undo.push(() => stack.stop());
  const { description, api, tools } = stack;
  const settings = await api('GET', '/v1/settings', { expect: [200] });
  const headers = { 'if-match': settings.headers.get('etag') };
  await api('PATCH', '/v1/settings', { headers, body: { wrapUpSeconds: 0 }, expect: [200] });
  const server = { host: description.sip.host, port: description.sip.port };
  const phones = await startAnswerer({
    sipp: tools.sipp,
    server,
    accounts: description.operators,
    answerAfter: 300,
    folder: path.join(folder, 'operators'),
  });
  undo.push(() => phones.stop());
  await waitUntil(async () => (await api('GET', '/v1/queue')).body.operators.available >= 60, {
    what: 'have 60 operators free',
    limitSeconds: 60,
  });

  const events = await followEvents(description.http, description.tokens.admin);
  undo.push(() => events.close());
  const pops = new Map();
  events.listen((event) => {
    if (event.type === 'screen.pop') pops.set(event.detail.call.callerNumber, event);
  });
  const crowd = await startCrowd({
    sipp: tools.sipp,
    server,
    calls,
    rate,
    holdFor: 1_500,
    from: prefix,
    headers: [`P-Access-Network-Info: ${cellOf(stack.city).accessNetwork}`],
    folder: path.join(folder, 'citizens'),
  });
  const end = await crowd.finished;
  const invites = invitesOf(crowd);
  const waits = invites.flatMap((at, index) => {
    const pop = pops.get(`${prefix}${index + 1}`);
    return pop === undefined ? [] : [pop.at - at];
  });
  const located = [...pops.values()].filter(({ detail }) => detail.call.bestFix !== null).length;
  const result = {
    measuredAt: new Date().toISOString(),
    node: process.version,
    processors: cpus().length,
    callsPerSecond: rate,
    calls,
    answered: end.successful,
    popped: waits.length,
    poppedWithLocation: located,
    milliseconds: spread(waits),
  };
  mkdirSync(path.join(projectDirectory, 'bench/results'), { recursive: true });
  writeFileSync(
    path.join(projectDirectory, 'bench/results/screen-pop.json'),
    `${JSON.stringify(result, undefined, 2)}\n`,
  );
  const { milliseconds, ...about } = result;
  console.table({ ...about, ...milliseconds });
} finally {
  for (const step of undo.reverse()) await step();
}

/**
 * When each INVITE went out, in the order of the calls: SIPp notes when the answer came, in milliseconds since its start
 * (good to a few milliseconds), and how long it took.
 */
function invitesOf({ folder: home, pid }) {
  const rows = (file) =>
    readFileSync(path.join(home, file), 'utf8')
      .trim()
      .split('\n')
      .map((line) => line.split(';'));
  const start = Date.parse(rows('stat.csv')[1][0]);
  return rows(`crowd_${pid}_rtt.csv`)
    .filter(([, , name]) => name === 'answer')
    .map(([at, took]) => start + Number(at) - Number(took))
    .sort((a, b) => a - b);
}

function spread(list) {
  const sorted = [...list].sort((a, b) => a - b);
  const at = (part) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? Number.NaN);
  return { median: at(0.5), p95: at(0.95), p99: at(0.99), slowest: at(1) };
}
