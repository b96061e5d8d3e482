// How many calls a second are taken without a loss: the rate rises until the first is refused, unanswered, or waits for over a
// second though an operator is free. Callers, phones and everything else share this machine's processors.
import { waitUntil } from '../../scripts/runtime.mjs';
import { call } from '../support/callers.mjs';
import { processorTime, timeEach } from '../support/cpu.mjs';
import { figure } from '../support/figure.mjs';

/** There are 100 phones, and a call keeps one for about a second. */
const rates = [20, 25, 30, 35, 40, 60, 80];

export async function measure(bench) {
  const sides = { queue: await bench.peer('queue'), bare: await bench.peer('bare-ari'), ours: await bench.centre() };
  const best = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  let shortfall;
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const [name, at] of Object.entries(sides)) {
      const { good, reason } = await highest(bench, at);
      best[name].push(good);
      if (name === 'ours') shortfall = reason;
    }
  }
  const one = (name, peer, more) =>
    figure({
      name: 'calls a second without a loss',
      unit: '1/s',
      ours: best.ours,
      peer: { name, runs: peer },
      ...more,
    });
  const aim = { text: '40/s', isMet: (mine) => mine.p50 >= 40 };
  return [one('app_queue', best.queue, { aim, shortfall, about: { rates } }), one('bare ARI program', best.bare)];
}

/** The highest rate without a loss, and what was seen at the first with one. */
async function highest(bench, at) {
  const seconds = bench.quick ? 3 : 10;
  let good = 0;
  for (const rate of rates) {
    const before = processorTime(at.processes);
    const result = await call({
      at,
      tools: bench.tools,
      folder: bench.folder('callers'),
      rate,
      seconds,
      holdFor: 1_000,
    });
    const { offered, unanswered, failed, late } = result;
    const cost = timeEach(before, processorTime(at.processes), offered);
    bench.say(`  ${at.name}, ${rate}/s: ${JSON.stringify({ offered, unanswered, failed, late })}`);
    if (at.free) {
      await waitUntil(async () => (await at.free()) >= at.operators, {
        what: `have all ${at.operators} operators free after ${rate} calls a second`,
        limitSeconds: 60,
      });
    }
    if (unanswered + failed + late > 0) {
      const parts = Object.entries(cost).map(([name, each]) => `${name} ${Math.round(each)}`);
      const reason = `at ${rate}/s ${late} of ${offered} waited over a second; a call took ${parts.join(', ')} ms of a processor`;
      return { good, reason };
    }
    good = rate;
  }
  return { good };
}
