// From a caller's INVITE until his operator's screen has who calls and from where, as a reader of the live feed gets it.
import { setTimeout as sleep } from 'node:timers/promises';
import { cellOf } from '../../scripts/demo/location.mjs';
import { call, invites } from '../support/callers.mjs';
import { figure } from '../support/figure.mjs';

const rate = 15;

export async function measure(bench) {
  const centre = await bench.centre();
  const seconds = bench.quick ? 4 : 20;
  const rounds = [];
  for (let round = 1; round <= bench.rounds; round += 1) {
    bench.say(`Round ${round}: ${rate} calls a second for ${seconds} s`);
    rounds.push(await pops(centre, { seconds, folder: bench.folder('screen-pop') }));
  }
  const count = (name) => rounds.map((round) => round[name]);
  return [
    figure({
      name: `INVITE to screen pop, ${rate}/s`,
      unit: 'ms',
      ours: count('times'),
      aim: { text: 'p99 under 1 s', isMet: ({ p99 }) => p99 < 1_000 },
      about: {
        offered: count('offered'),
        popped: count('times').map(({ length }) => length),
        located: count('located'),
      },
    }),
  ];
}

async function pops(centre, { seconds, folder }) {
  const popped = new Map();
  // Each by the clock of whoever reads the feed.
  centre.events.listen(({ type, detail }) => {
    if (type === 'screen.pop') popped.set(detail.call.callerNumber, { at: exactNow(), fix: detail.call.bestFix });
  });
  try {
    const headers = [`P-Access-Network-Info: ${cellOf(centre.stack.city).accessNetwork}`];
    const { offered } = await call({ at: centre, tools: centre.stack.tools, folder, rate, seconds, headers });
    // The last of them hung up: whose operator was rung late has his pop by now.
    await sleep(500);
    const times = [...invites(folder, '08')].flatMap(([number, at]) => {
      const pop = popped.get(number);
      return pop === undefined ? [] : [pop.at - at];
    });
    if (times.length < offered / 2) throw new Error(`of ${offered} calls ${times.length} were shown to an operator`);
    return { offered, times, located: [...popped.values()].filter(({ fix }) => fix !== null).length };
  } finally {
    centre.events.listen(() => undefined);
  }
}

/** Epoch milliseconds, with fraction. */
const exactNow = () => performance.timeOrigin + performance.now();
