// What becomes of a burst of callers with each of Asterisk's ways to protect itself (taskprocessor_overload_trigger,
// docs/adr/0029). A whole stack for each, new each time; nobody at any desk, so that every caller is answered and waits.
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { asteriskCli, startStack } from '../../scripts/runtime.mjs';
import { startCrowd } from '../../scripts/sip/phone.mjs';
import { asteriskEnv } from '../support/centre.mjs';
import { figure } from '../support/figure.mjs';

const chosen = 'pjsip_only';
const others = ['global', 'none'];
/** Asterisk's own queues, counted by `core show taskprocessors`. */
const lookEvery = 250;

export async function measure(bench) {
  const runs = Object.fromEntries([chosen, ...others].map((trigger) => [trigger, []]));
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const trigger of Object.keys(runs)) {
      const run = await burst(bench, trigger);
      bench.say(`  round ${round}, ${trigger}: ${JSON.stringify({ ...run, answers: undefined })}`);
      runs[trigger].push(run);
    }
  }
  const of = (trigger, what) => runs[trigger].map((run) => run[what]);
  const about = { offered: bench.quick ? 100 : 400, longestQueues: of(chosen, 'longestQueue') };
  return others.flatMap((trigger) =>
    [
      ['unanswered', 'callers'],
      ['answers', 'ms'],
    ].map(([what, unit]) =>
      figure({
        name: `a burst of ${about.offered} at once, ${chosen}: ${what}`,
        unit,
        ours: of(chosen, what),
        peer: { name: trigger, runs: of(trigger, what) },
        about,
      }),
    ),
  );
}

async function burst(bench, trigger) {
  const calls = bench.quick ? 100 : 400;
  const stack = await startStack({
    directory: path.join(bench.folder('overload'), 'stack'),
    operators: 1,
    asteriskEnv: { ...asteriskEnv, ASTERISK_OVERLOAD_TRIGGER: trigger },
  });
  try {
    const { description, tools, asterisk } = stack;
    const crowd = await startCrowd({
      sipp: tools.sipp,
      server: { host: description.sip.host, port: description.sip.port },
      calls,
      rate: 400,
      holdFor: 2_000,
      folder: bench.folder('citizens'),
    });
    let over = false;
    const looking = deepest(asterisk, () => over);
    const end = await crowd.finished;
    over = true;
    return { unanswered: calls - end.answer.count, answers: end.answers, longestQueue: await looking };
  } finally {
    await stack.stop();
  }
}

/** The longest that any queue ever was ("Max Depth"), and which. */
async function deepest(asterisk, isOver) {
  let longest = { name: '', depth: 0 };
  while (!isOver()) {
    for (const line of (await asteriskCli(asterisk, 'core show taskprocessors')).split('\n')) {
      const [, name, depth] = /^(\S+) +\d+ +\d+ +(\d+)( +\d+){4}$/.exec(line) ?? [];
      if (Number(depth) > longest.depth) longest = { name, depth: Number(depth) };
    }
    await sleep(lookEvery);
  }
  return `${longest.depth} ${longest.name}`;
}
