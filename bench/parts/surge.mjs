// A surge: 50 callers a second for 10 s, three in five of whom hang up within 3 s and call again, at 100 operators who talk for
// 4 s with each. Nobody may be lost; how long until the line is empty again, beside app_queue with the same phones.
import { setTimeout as sleep } from 'node:timers/promises';
import { startAnswerer, startCrowd } from '../../scripts/sip/phone.mjs';
import { waitUntil } from '../../scripts/runtime.mjs';
import { invites } from '../support/callers.mjs';
import { answerAfter } from '../support/centre.mjs';
import { figure } from '../support/figure.mjs';

const talkFor = 4_000;
/** Longer than the whole takes: who stays ends his call only when the operator has. */
const patience = 120_000;

export async function measure(bench) {
  const sides = { ours: await bench.centre(), queue: await bench.peer('queue') };
  const runs = { ours: [], queue: [] };
  for (let round = 1; round <= bench.rounds; round += 1) {
    for (const [name, at] of Object.entries(sides)) {
      const run = await withPhones(bench, at, { talkFor }, () => surge(bench, at, round));
      bench.say(`  round ${round}, ${at.name}: ${JSON.stringify({ ...run, answers: undefined, waits: undefined })}`);
      runs[name].push(run);
    }
  }
  const of = (runs, what) => runs.map((run) => run[what]);
  const peer = (what) => ({ name: 'app_queue', runs: of(runs.queue, what) });
  const none = { text: 'none', isMet: (mine) => mine.max === 0 };
  const about = { offered: runs.ours[0].offered, thoseWhoStay: runs.ours[0].staying };
  return [
    figure({ name: 'surge: lost', unit: 'callers', ours: of(runs.ours, 'lost'), peer: peer('lost'), aim: none, about }),
    figure({ name: 'surge: answered after', unit: 'ms', ours: of(runs.ours, 'answers'), peer: peer('answers') }),
    figure({
      name: 'surge: until an operator rings',
      unit: 'ms',
      ours: of(runs.ours, 'waits'),
      peer: peer('waits'),
    }),
    figure({
      name: 'surge: last INVITE to empty line',
      unit: 's',
      ours: of(runs.ours, 'recovery'),
      peer: peer('recovery'),
    }),
  ];
}

async function surge(bench, at, round) {
  const seconds = bench.quick ? 4 : 10;
  const crowd = (group, { rate, holdFor }) =>
    startCrowd({
      sipp: bench.tools.sipp,
      server: at.server,
      calls: rate * seconds,
      rate,
      holdFor,
      from: `07${round}${group}00`,
      logs: true,
      folder: bench.folder(`surge-${group}`),
    });
  const impatient = await Promise.all([
    crowd(1, { rate: 10, holdFor: 800 }),
    crowd(2, { rate: 10, holdFor: 1_600 }),
    crowd(3, { rate: 10, holdFor: 2_800 }),
  ]);
  const steady = await crowd(4, { rate: 20, holdFor: patience });
  await sleep(seconds * 1_000);
  // Whoever hung up calls again, and stays.
  const redials = await Promise.all([1, 2, 3].map((group) => crowd(group, { rate: 10, holdFor: patience })));
  const staying = [
    ...redials.map((one, index) => ({ one, prefix: `07${round}${index + 1}00` })),
    { one: steady, prefix: `07${round}400` },
  ];
  const ends = await Promise.all(staying.map(({ one }) => one.finished));
  const earlier = await Promise.all(impatient.map(({ finished }) => finished));
  const sent = staying.flatMap(({ one, prefix }) => [...invites(one.folder, prefix)]);
  const rang = rungAfter(at.phones.folder, new Map(sent));
  const last = Math.max(...sent.map(([, time]) => time));
  const all = [...ends, ...earlier];
  return {
    offered: all.reduce((sum, end) => sum + end.created, 0),
    staying: sent.length,
    unanswered: all.reduce((sum, end) => sum + end.created - end.answer.count, 0),
    // Who stays is lost if nobody's phone rang for him, or the call ended in any other way than after an operator's.
    lost: sent.length - rang.size + ends.reduce((sum, end) => sum + end.failed, 0),
    answers: all.flatMap((end) => end.answers),
    waits: sent.flatMap(([caller, time]) => (rang.has(caller) ? [rang.get(caller) - time] : [])),
    recovery: Math.max(0, (Math.max(...rang.values()) - last) / 1_000),
  };
}

/** When a phone first rang for each of these callers after his INVITE: one who calls again has rung some before. */
function rungAfter(folder, sent) {
  const rang = new Map();
  for (const [caller, time] of invites(folder, '07', { all: true })) {
    if (sent.has(caller) && time >= sent.get(caller) && !rang.has(caller)) rang.set(caller, time);
  }
  return rang;
}

/** With other phones in the place (address and port) of those that are there, and those again afterwards. */
async function withPhones(bench, at, behaviour, work) {
  const { address, port } = at.phones;
  const inPlace = async (more) => {
    await at.phones.stop();
    const folder = bench.folder('phones');
    const common = { sipp: bench.tools.sipp, address, port, answerAfter, logs: true, lifetime: 7_200 };
    at.phones = await startAnswerer({ ...common, ...more, folder });
  };
  await inPlace(behaviour);
  try {
    return await work();
  } finally {
    await inPlace({});
    if (at.free) {
      const free = async () => (await at.free()) >= at.operators;
      await waitUntil(free, { what: `have ${at.operators} operators free`, limitSeconds: 60 });
    }
  }
}
