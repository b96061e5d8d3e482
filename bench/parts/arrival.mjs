// From a caller's INVITE to the INVITE at an operator's phone, at several rates, and what a call costs in processor time;
// beside app_queue, and an ARI program that only bridges, on the same Asterisk with the same recordings and event log.
import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { call } from '../support/callers.mjs';
import { processorTime, timeEach } from '../support/cpu.mjs';
import { figure, median } from '../support/figure.mjs';

/** The rate at which cost is counted: New York's centre is designed for 13.9 calls a second. */
const designRate = 15;

export async function measure(bench) {
  const rates = bench.quick ? [designRate] : [1, 5, designRate, 30];
  const sides = { ours: await bench.centre(), queue: await bench.peer('queue'), bare: await bench.peer('bare-ari') };
  const runs = Object.fromEntries(Object.keys(sides).map((name) => [name, []]));
  // All are warm before anything counts.
  if (!bench.quick) for (const at of Object.values(sides)) await once(bench, at, { rate: designRate, seconds: 20 });
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const rate of rates) {
      const seconds = bench.quick ? 5 : Math.max(20, 30 / rate);
      for (const [name, at] of Object.entries(sides)) {
        if (name === 'bare' && rate !== designRate) continue;
        const run = await once(bench, at, { rate, seconds });
        bench.say(`  round ${round}, ${at.name}, ${rate}/s: ${JSON.stringify(run.said)}`);
        runs[name].push(run);
      }
    }
  }
  return [
    ...rates.flatMap((rate) => [arrival(rate, runs), unheard(rate, runs)]),
    ...costs(runs),
    ...(await idle(bench, sides)),
  ];
}

async function once({ tools, folder }, at, { rate, seconds }) {
  const before = processorTime(at.processes);
  const result = await call({ at, tools, folder: folder('callers'), rate, seconds });
  // What is done after a call has ended belongs to it: its records are written within the second.
  await sleep(1_000);
  const cost = timeEach(before, processorTime(at.processes), result.offered);
  const whole = Object.values(cost).reduce((sum, one) => sum + one, 0);
  const said = { calls: result.offered, unanswered: result.unanswered, late: result.late, cpuMsPerCall: whole };
  return { rate, ...result, cost: { ...cost, whole }, said };
}

function arrival(rate, { ours, queue }) {
  const waits = (runs) => runs.filter((run) => run.rate === rate).map((run) => run.waits);
  return figure({
    name: `arrival to operator ringing, ${rate}/s`,
    unit: 'ms',
    ours: waits(ours),
    peer: { name: 'app_queue', runs: waits(queue) },
    aim: aimAt(rate),
    shortfall: busyAt(rate, ours),
    about: { calls: waits(ours).flat().length },
  });
}

/** Who waits, waits for a processor: what the calls of a rate took of all of them. */
function busyAt(rate, runs) {
  const whole = median(runs.filter((run) => run.rate === rate).map(({ cost }) => cost.whole));
  const percent = Math.round((whole * rate) / 10 / cpus().length);
  return `${rate} calls a second at ${Math.round(whole)} ms each took ${percent}% of all processors, callers and phones not counted`;
}

/** Who waits for ever is in no percentile. */
function unheard(rate, { ours, queue }) {
  const late = (runs) => runs.filter((run) => run.rate === rate).map((run) => run.late);
  return figure({
    name: `callers for whom no phone rang within 1 s, ${rate}/s`,
    unit: 'callers',
    ours: late(ours),
    peer: { name: 'app_queue', runs: late(queue) },
    aim: { text: 'none', isMet: (mine) => mine.max === 0 },
  });
}

function aimAt(rate) {
  const p50 = (mine, peer) => mine.p50 - peer.p50 <= 20;
  if (rate !== designRate) return { text: 'p50 within 20 ms of app_queue', isMet: p50 };
  return {
    text: 'p50 within 20 ms, p99 within 100 ms of app_queue',
    isMet: (mine, peer) => p50(mine, peer) && mine.p99 - peer.p99 <= 100,
  };
}

function costs({ ours, queue, bare }) {
  const of = (runs, part) => runs.filter(({ rate }) => rate === designRate).map(({ cost }) => cost[part]);
  const one = (part, peer, aim) =>
    figure({ name: `CPU per call, ${part}, ${designRate}/s`, unit: 'ms', ours: of(ours, part), peer, aim });
  const against = { name: 'app_queue', runs: of(queue, 'whole') };
  return [
    one('whole', against, { text: 'under 3 × app_queue', isMet: (mine, peer) => mine.p50 < 3 * peer.p50 }),
    one('asterisk', against),
    one('controller', { name: 'bare ARI program', runs: of(bare, 'controller') }),
    one('postgres'),
    one('redis'),
    figure({ name: 'CPU per call, bare ARI program', unit: 'ms', ours: of(bare, 'whole'), peer: against }),
  ];
}

/** What runs without any call: 100 operators' phones registered, trunks asked, a probe call a minute. */
async function idle({ quick }, { ours }) {
  const seconds = quick ? 5 : 30;
  const before = processorTime(ours.processes);
  await sleep(seconds * 1_000);
  const after = processorTime(ours.processes);
  const milliseconds = Object.keys(after).reduce((sum, name) => sum + after[name] - before[name], 0);
  return [figure({ name: 'CPU without any call', unit: '% of a core', ours: [milliseconds / seconds / 10] })];
}
