// Many calls in progress with media: memory and processor time of the controller. And many more that come and go for as long as
// it takes to see what grows.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startCrowd } from '../../scripts/sip/phone.mjs';
import { startCentre } from '../support/centre.mjs';
import { processorTime, residentMegabytes } from '../support/cpu.mjs';
import { figure } from '../support/figure.mjs';
import { metric } from '../support/metrics.mjs';
import { slopeEachHour } from '../support/slope.mjs';

const operators = 100;
/** Of those that come and go, a second, and how long each stays, in milliseconds. */
const rate = 6;
const holdFor = 4_000;
/** Those that stay all the time. */
const standing = 20;
const sampleEvery = 5_000;

export async function measure(bench) {
  const calls = bench.quick ? 100 : 500;
  // For whoever develops: so many minutes instead of twenty.
  const minutes = Number(process.env.BENCH_SOAK_MINUTES ?? (bench.quick ? 0 : 20));
  const lasting = minutes > 0;
  const centre = lasting ? await startCentre({ folder: bench.folder('soak'), operators }) : await bench.centre();
  try {
    bench.say(`${calls} calls at once`);
    const many = await manyAtOnce(centre, { calls, seconds: bench.quick ? 5 : 30, folder: bench.folder('many') });
    const figures = [
      figure({
        name: `Controller's memory, ${calls} calls in progress with media`,
        unit: 'MB',
        ours: [many.resident],
        aim: { text: 'under 250 MB', isMet: ({ max }) => max < 250 },
        about: many.about,
      }),
      figure({ name: `Controller's processor time while ${calls} calls go on`, unit: '% of one', ours: [many.busy] }),
      figure({
        name: `Calls lost of ${calls} at once`,
        unit: 'calls',
        ours: [many.lost],
        aim: { text: 'none', isMet: ({ max }) => max === 0 },
      }),
    ];
    if (!lasting) bench.say('No slope of memory: that takes a full run');
    else figures.push(...(await soak(centre, { minutes, folder: bench.folder('soaked'), say: bench.say })));
    return figures;
  } finally {
    if (lasting) await centre.stop();
  }
}

/** So many at once, of whom the operators have one each and the others wait, for so many seconds. */
async function manyAtOnce(centre, { calls, seconds, folder }) {
  const { stack, processes } = centre;
  const begun = calls / 20 + 4;
  const crowd = await startCrowd({
    ...{ sipp: stack.tools.sipp, server: centre.server, folder, calls },
    rate: 20,
    // All hang up together: whoever went before would free an operator, and one who waits would talk.
    holdFor: (begun + seconds + 4) * 1_000,
    from: '0821',
  });
  try {
    await sleep(begun * 1_000);
    const there = await stack.api('GET', '/v1/queue', { expect: [200] });
    const live = await metric(stack.description.http, 'siaga_calls_live');
    const before = processorTime(processes);
    const resident = [];
    for (let second = 0; second < seconds; second += 1) {
      resident.push(residentMegabytes(stack.controllers[0].pid));
      await sleep(1_000);
    }
    const after = processorTime(processes);
    const busy = Object.fromEntries(
      Object.keys(after).map((name) => [name, Math.round((after[name] - before[name]) / seconds / 10)]),
    );
    const { current, failed } = crowd.progress();
    const end = await crowd.finished;
    return {
      resident,
      busy: busy.controller,
      lost: calls - Math.min(current, live, end.successful),
      about: { current, failed, live, queue: there.body, percentOfOneProcessor: busy },
    };
  } finally {
    await crowd.stop();
  }
}

/** What grows while calls come and go; the first quarter of the time does not count. */
async function soak(centre, { minutes, folder, say }) {
  const { stack } = centre;
  const seconds = minutes * 60;
  const common = { sipp: stack.tools.sipp, server: centre.server, lifetime: seconds + 300 };
  const stay = await startCrowd({
    ...common,
    ...{ calls: standing, rate: 5, holdFor: (seconds + 5) * 1_000, from: '0822', folder: path.join(folder, 'stay') },
  });
  const redis = new Redis(stack.description.redis);
  const samples = [];
  let pass;
  try {
    pass = await startCrowd({
      ...common,
      ...{ calls: rate * seconds, rate, holdFor, from: '0823', folder: path.join(folder, 'pass') },
    });
    const begun = performance.now();
    for (let at = 0; at < seconds; at = (performance.now() - begun) / 1_000) {
      const sample = { at: Math.round(at), ...(await look(stack, redis)) };
      samples.push(sample);
      if (samples.length % 6 === 1) say(JSON.stringify(sample));
      await sleep(sampleEvery);
    }
    const ended = [await pass.finished, await stay.finished];
    return slopes(samples, { seconds, ended });
  } finally {
    redis.disconnect();
    await Promise.all([stay.stop(), pass?.stop()]);
  }
}

async function look({ description, controllers, directory }, redis) {
  const [{ http, pid }] = controllers;
  const journal = path.join(directory, 'state/journal');
  return {
    resident: residentMegabytes(pid),
    heap: (await metric(http, 'siaga_process_nodejs_heap_size_used_bytes')) / 1e6,
    asterisk: residentMegabytes(description.pids.asterisk),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    descriptorsOfAsterisk: readdirSync(`/proc/${description.pids.asterisk}/fd`).length,
    journal: readdirSync(journal).reduce((sum, name) => sum + sizeOf(path.join(journal, name)), 0) / 1e6,
    keys: await redis.dbsize(),
    recordsWaiting: await metric(http, 'siaga_records_waiting'),
    live: await metric(http, 'siaga_calls_live'),
  };
}

/** One that is deleted between the look into its folder and that at itself takes no room. */
function sizeOf(file) {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function slopes(samples, { seconds, ended }) {
  const warm = samples.filter(({ at }) => at >= seconds / 4);
  const hours = (seconds * 0.75) / 3_600;
  const about = {
    callsASecond: rate,
    standing,
    answered: ended.map(({ successful }) => successful),
    failed: ended.map(({ failed }) => failed),
    first: samples[0],
    warm: warm[0],
    last: samples.at(-1),
  };
  return [
    ['resident', "Controller's memory grows, calls coming and going"],
    ['heap', "Controller's heap grows, calls coming and going"],
    ['asterisk', "Asterisk's memory grows, calls coming and going"],
  ].map(([name, title]) => {
    const { slope, half } = slopeEachHour(warm.map((sample) => [sample.at, sample[name]]));
    return figure({
      name: title,
      unit: 'MB/h',
      ours: [[slope - half, slope, slope + half]],
      ...(name === 'asterisk'
        ? {}
        : { aim: { text: '0 in the interval, or under 1 MB', isMet: () => slope - half <= 0 || slope * hours < 1 } }),
      about: { interval: [slope - half, slope + half], ...about },
    });
  });
}
