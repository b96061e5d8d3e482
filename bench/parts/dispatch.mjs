// From the command that sends an agency to a live call until the agency's phone rings, through BullMQ and in line without Redis.
import { cpus } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from '../../scripts/runtime.mjs';
import { startAnswerer } from '../../scripts/sip/phone.mjs';
import { invites } from '../support/callers.mjs';
import { idleTime } from '../support/cpu.mjs';
import { talkingCallers } from '../support/talking.mjs';
import { figure, median } from '../support/figure.mjs';
import { metric } from '../support/metrics.mjs';

const rate = 10;
/** One trunk, and nobody who is asked instead. */
const agencyId = 'kodim';

export async function measure(bench) {
  const centre = await bench.centre();
  const { description, tools } = centre.stack;
  const [trunk] = description.agencies.find(({ id }) => id === agencyId).trunks;
  const folder = bench.folder('dispatch');
  // It rings until it is called off.
  const agency = await startAnswerer({
    sipp: tools.sipp,
    port: trunk.port,
    answerAfter: 60_000,
    folder: path.join(folder, 'agency'),
    lifetime: 3_600,
    logs: true,
  });
  const calls = rate * (bench.quick ? 3 : 20);
  const round = (name) => dispatchEach({ centre, agency, calls, folder: path.join(folder, name) });
  const queued = [];
  const inLine = [];
  const idle = [];
  try {
    for (let number = 1; number <= bench.rounds; number += 1) {
      bench.say(`Round ${number}: ${calls} calls, an agency sent to each`);
      const [before, begun] = [idleTime(), performance.now()];
      queued.push(await counted(centre, 'queue', () => round(`queue-${number}`)));
      idle.push((100 * (idleTime() - before)) / (performance.now() - begun) / cpus().length);
      inLine.push(await withoutRedis(centre, () => counted(centre, 'in-line', () => round(`in-line-${number}`))));
    }
  } finally {
    await agency.stop();
  }
  return [
    figure({
      name: `Dispatch command to agency ringing, ${rate}/s`,
      unit: 'ms',
      ours: queued,
      peer: { name: 'in line, Redis frozen', runs: inLine },
      aim: { text: 'p50 30 ms, p99 150 ms', isMet: ({ p50, p99 }) => p50 <= 30 && p99 <= 150 },
      shortfall: `with calls, speech, recordings and dispatches ${Math.round(median(idle))}% of all processors were idle`,
      about: { dispatches: [queued, inLine].map((runs) => runs.map(({ length }) => length)) },
    }),
  ];
}

/** Milliseconds from each command to its INVITE. */
async function dispatchEach({ centre, agency, calls, folder }) {
  const { api } = centre.stack;
  const commanded = new Map();
  const talking = async ({ incidentId, number }) => {
    await sleep(300);
    commanded.set(number, Date.now());
    const body = { agencyId, mode: 'bridge' };
    const made = await api('POST', `/v1/incidents/${incidentId}/dispatches`, { body, expect: [202] });
    // Its job would have expired by then.
    await sleep(2_500);
    await api('POST', `/v1/dispatches/${made.body.id}/cancel`, { expect: [202, 409] });
  };
  await talkingCallers({ centre, folder, calls, rate, holdFor: 5_000, talking });
  await waitUntil(async () => (await centre.free()) === centre.operators, {
    what: 'have all operators free again',
    limitSeconds: 20,
  });
  const rung = invites(agency.folder, '08');
  const times = [...commanded].flatMap(([number, at]) => (rung.has(number) ? [rung.get(number) - at] : []));
  if (times.length < commanded.size) throw new Error(`of ${commanded.size} dispatches ${times.length} rang`);
  if (commanded.size < calls / 2) throw new Error(`of ${calls} callers ${commanded.size} talked with somebody in time`);
  return times;
}

/** All of them took this way: an agency that rings says nothing of how it was rung. */
async function counted(centre, way, round) {
  const rung = () => metric(centre.stack.description.http, `siaga_agency_rings_total{way="${way}"}`);
  const before = await rung();
  const times = await round();
  const taken = (await rung()) - before;
  if (taken < times.length) throw new Error(`of ${times.length} dispatches ${taken} went by way of ${way}`);
  return times;
}

async function withoutRedis({ stack }, act) {
  const { redis, api } = stack;
  redis.kill('SIGSTOP');
  try {
    // From when it is known: what is asked for before that waits for half a second.
    await waitUntil(async () => (await api('GET', '/readyz')).body.parts.redis !== 'up', {
      what: 'have Redis known to be away',
      limitSeconds: 10,
    });
    return await act();
  } finally {
    redis.kill('SIGCONT');
    await waitUntil(async () => (await api('GET', '/readyz')).body.parts.redis === 'up', {
      what: 'have Redis answer again',
      limitSeconds: 20,
    });
  }
}
