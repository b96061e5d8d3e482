// node bench/sip-overload.mjs [--calls 400] [--rate 400] [--rounds 2] [--triggers global,pjsip_only,none]: what becomes of a
// burst of callers with each of Asterisk's ways to protect itself (taskprocessor_overload_trigger). A whole stack on this
// machine's loopback for each, new each time; nobody at any desk, so that every caller is answered and waits. Calls and rate
// are bounded. Figures go to bench/results/sip-overload.json.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { followEvents } from '../scripts/demo/events.mjs';
import { asteriskCli, startStack } from '../scripts/runtime.mjs';
import { projectDirectory } from '../scripts/runtime/settings.mjs';
import { startCrowd } from '../scripts/sip/phone.mjs';

const { values } = parseArgs({
  options: {
    calls: { type: 'string', default: '400' },
    rate: { type: 'string', default: '400' },
    rounds: { type: 'string', default: '2' },
    triggers: { type: 'string', default: 'global,pjsip_only,none' },
  },
});
const calls = Math.min(Number(values.calls), 2_000);
const rate = Math.min(Number(values.rate), 1_000);
const rounds = Math.min(Number(values.rounds), 10);
const triggers = values.triggers.split(',');
const loadBefore = loadavg()[0];

const results = [];
for (let round = 1; round <= rounds; round += 1) {
  for (const trigger of triggers) {
    const result = { trigger, round, ...(await measure(trigger)) };
    process.stdout.write(`${JSON.stringify(result)}\n`);
    results.push(result);
  }
}
mkdirSync(path.join(projectDirectory, 'bench/results'), { recursive: true });
const about = {
  measuredAt: new Date().toISOString(),
  node: process.version,
  processors: cpus().length,
  loadBefore,
  calls,
  callsPerSecond: rate,
};
writeFileSync(
  path.join(projectDirectory, 'bench/results/sip-overload.json'),
  `${JSON.stringify({ ...about, results }, undefined, 2)}\n`,
);
console.table([about]);
console.table(results);

async function measure(trigger) {
  const folder = mkdtempSync(path.join(tmpdir(), 'siaga-overload-'));
  const undo = [() => rmSync(folder, { recursive: true, force: true })];
  try {
    const stack = await startStack({
      directory: path.join(folder, 'stack'),
      operators: 1,
      asteriskEnv: {
        ASTERISK_OVERLOAD_TRIGGER: trigger,
        // A stack's own ports for speech are for 250 callers: with more at once it would be those that refuse.
        ASTERISK_RTP_START: '24000',
        ASTERISK_RTP_END: '28999',
      },
    });
    undo.push(() => stack.stop());
    const { description, tools, asterisk } = stack;
    const events = await followEvents(description.http, description.tokens.admin);
    undo.push(() => events.close());
    const modes = [];
    events.listen(({ type, detail }) => {
      if (type === 'mode.began') modes.push(detail.mode);
    });
    const crowd = await startCrowd({
      sipp: tools.sipp,
      server: { host: description.sip.host, port: description.sip.port },
      calls,
      rate,
      holdFor: 2_000,
      folder: path.join(folder, 'citizens'),
    });
    const deepest = { all: { name: '', depth: 0 }, sip: { name: '', depth: 0 } };
    let over = false;
    const looking = (async () => {
      while (!over) {
        note(await asteriskCli(asterisk, 'core show taskprocessors'), deepest);
        await sleep(250);
      }
    })();
    const end = await crowd.finished;
    over = true;
    await looking;
    const { answer } = end;
    return {
      answered: answer.count,
      unanswered: calls - answer.count,
      retransmissions: end.retransmissions,
      answerP50: answer.p50,
      answerP99: answer.p99,
      answerMax: answer.max,
      longestQueue: `${deepest.all.depth} ${deepest.all.name}`,
      longestOfSip: `${deepest.sip.depth} ${deepest.sip.name}`,
      modes: [...new Set(modes)].join(' '),
    };
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

/** Keeps the longest that any queue ever was ("Max Depth"), and the longest of SIP's own, which pjsip_only heeds. */
function note(table, deepest) {
  for (const line of table.split('\n')) {
    const [, name, depth] = /^(\S+) +\d+ +\d+ +(\d+)( +\d+){4}$/.exec(line) ?? [];
    if (name === undefined) continue;
    for (const which of name.startsWith('pjsip/') ? ['all', 'sip'] : ['all']) {
      if (Number(depth) > deepest[which].depth) deepest[which] = { name, depth: Number(depth) };
    }
  }
}
