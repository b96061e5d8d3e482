// Many calls in progress with media: memory and processor time of the controller. And many more that come and go for as long as
// it takes to see what grows.
import { readdirSync, statSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { asteriskCli, waitUntil } from '../../scripts/runtime.mjs';
import { startCrowd } from '../../scripts/sip/phone.mjs';
import { settled } from '../support/callers.mjs';
import { startCentre } from '../support/centre.mjs';
import { idleTime, processorTime, residentMegabytes } from '../support/cpu.mjs';
import { figure } from '../support/figure.mjs';
import { metric } from '../support/metrics.mjs';
import { slopeEachHour } from '../support/slope.mjs';

/** Of those that come and go, a second, and how long each stays, in milliseconds. */
const rate = 15;
const holdFor = 2_000;
/** Calls until all is full that remembers so many and no more (ids of calls, of messages, of redials). */
const untilFull = 10_000;
/** Those that stay all the time. */
const standing = 20;
const sampleEvery = 5_000;
/** Callers that are added at a time, milliseconds of a look at the processors, and what of them has to be left over, in percent. */
const step = 20;
const settle = 3_000;
const leastIdle = 8;

export async function measure(bench) {
  const calls = bench.quick ? 100 : 500;
  // For whoever develops: so many minutes instead of twenty.
  const minutes = Number(process.env.BENCH_SOAK_MINUTES ?? (bench.quick ? 0 : 20));
  const lasting = minutes > 0;
  const centre = lasting ? await startCentre({ folder: bench.folder('soak') }) : await bench.centre();
  try {
    const seconds = bench.quick ? 5 : 30;
    const peer = await bench.peer('queue');
    const many = await manyAtOnce(bench, centre, { calls, seconds, folder: bench.folder('many') });
    const theirs = await manyAtOnce(bench, peer, { calls, seconds: 1, folder: bench.folder('many') });
    const { reached } = many;
    const figures = [
      figure({
        name: 'Calls in progress with media',
        unit: 'calls',
        ours: [reached],
        peer: { name: 'app_queue', runs: [theirs.reached] },
        aim: { text: `${calls}`, isMet: ({ min }) => min >= calls },
        shortfall: `${step} more would leave no processor; of one processor: ${shown(many.busy)} (${many.idle}% of all were idle)`,
        about: { percentOfOneProcessor: many.busy, idle: many.idle, ofPeer: theirs },
      }),
      figure({
        name: `Controller's memory, ${reached} calls in progress with media`,
        unit: 'MB',
        ours: [many.resident],
        aim: { text: 'under 250 MB', isMet: ({ max }) => max < 250 },
      }),
      figure({
        name: `Controller's processor time, ${reached} calls in progress`,
        unit: '% of one',
        ours: [many.busy.controller],
      }),
      figure({
        name: `Calls lost of ${reached} at once`,
        unit: 'calls',
        ours: [many.lost],
        peer: { name: `app_queue, of ${theirs.reached}`, runs: [theirs.lost] },
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

/**
 * Callers who stay, a step more at a time, until there are `calls` or the next step would leave next to no processor: from there
 * on Asterisk keeps what it cannot send, and its memory grows by gigabytes. The operators have one each, and the others wait.
 */
async function manyAtOnce({ tools, say }, at, { calls, seconds, folder }) {
  const crowds = [];
  try {
    let measured;
    let enough = false;
    while (!enough && crowds.length * step < calls) {
      const crowd = await startCrowd({
        ...{ sipp: tools.sipp, server: at.server, calls: step, rate: 10 },
        ...{ folder: path.join(folder, `step-${crowds.length + 1}`), holdFor: 600_000, from: `0821${crowds.length}` },
      });
      crowds.push(crowd);
      await waitUntil(() => crowd.progress().answer.count === step, {
        what: `have ${crowds.length * step} callers answered`,
        limitSeconds: 30,
      });
      const before = measured?.idle ?? 100;
      measured = await shares({ ...at.processes, sipp: [...crowds.map(({ pid }) => pid), at.phones.pid] }, settle);
      say(`  ${at.name}, ${crowds.length * step} calls in progress: ${JSON.stringify(measured)}`);
      enough = measured.idle - Math.max(0, before - measured.idle) < leastIdle;
    }
    const controller = at.stack?.controllers[0];
    const resident = [];
    for (let second = 0; second < seconds; second += 1) {
      if (controller) resident.push(residentMegabytes(controller.pid));
      await sleep(1_000);
    }
    const reached = crowds.length * step;
    const current = crowds.reduce((sum, crowd) => sum + crowd.progress().current, 0);
    const live = controller ? await metric(controller.http, 'siaga_calls_live') : reached;
    return { reached, resident, lost: reached - Math.min(current, live), ...measured };
  } finally {
    await Promise.all(crowds.map((crowd) => crowd.stop()));
    await gone(at);
  }
}

/** Callers who were stopped say no BYE: Asterisk is told. */
async function gone(at) {
  await asteriskCli(at.asterisk, 'channel request hangup all');
  await settled(at);
  if (!at.stack) return;
  await waitUntil(async () => (await metric(at.stack.description.http, 'siaga_calls_live')) === 0, {
    what: 'have no call left',
    limitSeconds: 60,
  });
}

/** What of a processor each part takes, and what of all of them nobody takes, in percent. */
async function shares(parts, milliseconds) {
  const [before, idleBefore, at] = [processorTime(parts), idleTime(), performance.now()];
  await sleep(milliseconds);
  const [after, idleAfter, took] = [processorTime(parts), idleTime(), performance.now() - at];
  const share = (milliseconds) => Math.round((milliseconds / took) * 100);
  const busy = Object.fromEntries(Object.keys(after).map((name) => [name, share(after[name] - before[name])]));
  const idle = share(idleAfter - idleBefore);
  const ours = Object.values(busy).reduce((sum, one) => sum + one, 0);
  // The bench itself, and whatever else this machine does.
  busy.others = Math.max(0, cpus().length * 100 - idle - ours);
  return { busy, idle: Math.round(idle / cpus().length) };
}

const shown = (busy) =>
  Object.entries(busy)
    .map(([name, share]) => `${name} ${share}%`)
    .join(', ');

/** What grows while calls come and go, from when all is full that is bounded by number. */
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
  const from = Math.min(untilFull / rate, seconds * 0.6);
  const warm = samples.filter(({ at }) => at >= from);
  const hours = (seconds - from) / 3_600;
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
