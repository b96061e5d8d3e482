// The leader is killed while calls are up: until the standby goes on with the first of them, and with the last, and who is lost.
import { setTimeout as sleep } from 'node:timers/promises';
import { startController, waitUntil } from '../../scripts/runtime.mjs';
import { followEvents } from '../../scripts/demo/events.mjs';
import { talkingCallers } from '../support/talking.mjs';
import { startCentre } from '../support/centre.mjs';
import { figure } from '../support/figure.mjs';
import { metric } from '../support/metrics.mjs';

/** A standby goes on with all within this, or never. */
const limitSeconds = 20;

export async function measure(bench) {
  const calls = bench.quick ? 40 : 100;
  const centre = await startCentre({ folder: bench.folder('adoption'), controllers: 2, operators: calls });
  const deaths = [];
  try {
    for (let round = 1; round <= bench.rounds; round += 1) {
      bench.say(`Kill ${round} of ${bench.rounds}, with ${calls} calls up`);
      deaths.push(
        await death(centre, {
          calls,
          holdFor: bench.quick ? 15_000 : 30_000,
          folder: bench.folder('callers'),
          name: `leader-${round + 1}`,
        }),
      );
    }
  } finally {
    await centre.stop();
  }
  const each = (name) => deaths.map((one) => one[name]);
  return [
    figure({
      name: `Leader killed to first call adopted, ${calls} up`,
      unit: 'ms',
      ours: each('first'),
      aim: { text: 'under 2 s', isMet: ({ max }) => max < 2_000 },
    }),
    figure({ name: `Leader killed to last call adopted, ${calls} up`, unit: 'ms', ours: each('last') }),
    figure({
      name: 'Calls lost with the leader',
      unit: 'calls',
      ours: each('lost'),
      aim: { text: 'none', isMet: ({ max }) => max === 0 },
    }),
  ];
}

/** Milliseconds from the leader's death, and how many of the calls did not last until their callers hung up. */
async function death(centre, { calls, holdFor, folder, name }) {
  const { stack } = centre;
  const [leader, standby] = stack.controllers;
  const talking = new Set();
  let crowd;
  const over = talkingCallers({
    centre,
    folder,
    calls,
    rate: 10,
    holdFor,
    began: (made) => (crowd = made),
    talking: ({ id }) => void talking.add(id),
  });
  const tooEarly = over.then(() => {
    throw new Error(`the callers had gone before all ${calls} talked`);
  });
  const allTalk = waitUntil(() => talking.size === calls, { what: `have ${calls} callers talk`, limitSeconds: 35 });
  await Promise.race([allTalk, tooEarly]);
  const owned = await metric(leader.http, 'siaga_calls_live');
  const events = await followEvents(standby.http, stack.description.tokens.admin);
  const adopted = new Map();
  events.listen(({ type, callId }) => {
    if (type === 'call.adopted') adopted.set(callId, Date.now());
  });
  const killedAt = Date.now();
  leader.kill('SIGKILL');
  try {
    await waitUntil(() => adopted.size >= owned, { what: `have ${owned} calls adopted`, limitSeconds });
  } finally {
    events.close();
  }
  // SIPp counts once a second.
  await sleep(2_500);
  const up = crowd.progress().current;
  const { successful } = await over;
  await lead(centre, { ...leader, name });
  const times = [...adopted.values()].map((at) => at - killedAt);
  return {
    first: Math.min(...times),
    last: Math.max(...times),
    lost: calls - Math.min(up, successful),
    adopted: owned,
  };
}

/** Another controller takes the dead one's place; what there was is over. */
async function lead(centre, { rank, port, name }) {
  const { stack } = centre;
  const { directory, asterisk, postgres, redis, city, amlKey } = stack;
  const fresh = await startController({
    ...{ directory, asterisk, city, rank, port, name },
    databaseUrl: postgres.url,
    redisUrl: redis.url,
    env: { SIAGA_AML_KEY: amlKey },
  });
  stack.controllers = [fresh, ...stack.controllers.slice(1)];
  centre.events.close();
  centre.events = await followEvents(fresh.http, stack.description.tokens.admin);
  await waitUntil(async () => (await centre.free()) === centre.operators, {
    what: 'have all operators free again',
    limitSeconds: 20,
  });
}
