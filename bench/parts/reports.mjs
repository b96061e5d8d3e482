// Lists and reports over a year of a million calls, as a user meets them: the REST routes of a running controller. A stack of its
// own, for it is filled.
import { startStack } from '../../scripts/runtime.mjs';
import { residentMegabytes } from '../support/cpu.mjs';
import { figure } from '../support/figure.mjs';
import { fillYear, operatorId, yearLong } from '../support/year-of-calls.mjs';

const day = 86_400_000;
const listAim = { text: 'p99 under 100 ms', isMet: ({ p99 }) => p99 < 100 };
const within = (seconds) => ({ text: `under ${seconds} s`, isMet: ({ max }) => max < seconds * 1_000 });

export async function measure({ rounds, quick, folder, say }) {
  const stack = await startStack({ directory: folder('reports'), city: 'kendari', operators: 1 });
  try {
    const end = Date.now();
    const calls = quick ? 20_000 : 1_000_000;
    await fillYear(stack.postgres.url, { calls, end, say });
    const { api } = stack;
    const [{ pid }] = stack.controllers;
    const questions = await questionsOf(api, end);
    const memory = [residentMegabytes(pid)];
    const runs = new Map(questions.map(({ name }) => [name, []]));
    const cold = new Map();
    for (let round = 0; round < rounds; round += 1) {
      for (const { name, ask, times } of questions) {
        const first = await timed(ask);
        if (!cold.has(name)) cold.set(name, Math.round(first));
        const samples = [first];
        for (let at = 1; at < (quick ? Math.ceil(times / 4) : times); at += 1) samples.push(await timed(ask));
        runs.get(name).push(samples);
      }
      memory.push(residentMegabytes(pid));
    }
    return [
      ...questions.map(({ name, aim }) =>
        figure({ name, unit: 'ms', ours: runs.get(name), aim, about: { calls, first: cold.get(name) } }),
      ),
      memoryFigure(memory),
    ];
  } finally {
    await stack.stop();
  }
}

/** How much more the controller holds after every round than after the first: of one round only how much it holds. In megabytes. */
function memoryFigure(memory) {
  const about = { beforeAndAfterEachRound: memory.map(Math.round) };
  if (memory.length < 3)
    return figure({ name: 'memory of the controller after all', unit: 'MB', ours: [memory.at(-1)], about });
  return figure({
    name: 'memory of the controller, more after the last round than after the first',
    unit: 'MB',
    ours: [memory.at(-1) - memory[1]],
    aim: { text: 'under 50', isMet: ({ max }) => max < 50 },
    shortfall: 'resident memory follows the collection of garbage: over five rounds it went 293, 285, 333, 409, 346 MB',
    about,
  });
}

async function timed(ask) {
  const began = performance.now();
  await ask();
  return performance.now() - began;
}

/** What is asked: `{ name, ask, times, aim }`. Each list by its first page, a page in the middle of the year, and its filters. */
async function questionsOf(api, end) {
  const get = (route) => async () => (await api('GET', route, { expect: [200] })).body;
  const list = (name, route) => ({ name, ask: get(route), times: 60, aim: listAim });
  // A report that the server gave up on is not met: it took longer than any aim.
  const report = (name, days) => ({
    name,
    ask: () => api('GET', `/v1/reports/operators?from=${iso(end - days * day)}&to=${iso(end)}`, { expect: [200, 503] }),
    times: days > 40 ? 3 : 8,
    aim: within(days > 40 ? 5 : 1),
  });
  const middle = cursorAt(end - yearLong / 2);
  const [{ items: ofCalls }, { items: ofIncidents }] = [
    await get(`/v1/calls?limit=50&cursor=${middle}`)(),
    await get(`/v1/incidents?limit=50&kind=fire&cursor=${middle}`)(),
  ];
  const [call, incident] = [ofCalls[0], ofIncidents[0]];
  if (call === undefined || incident === undefined) throw new Error('the year has no calls in its middle');
  const past = { from: iso(end - 30 * day), to: iso(end), limit: 1_000 };
  return [
    list('calls, newest', '/v1/calls'),
    list('calls, 200 of half a year ago', `/v1/calls?limit=200&cursor=${middle}`),
    list('calls of a rare outcome', '/v1/calls?outcome=human-path'),
    list('calls of an outcome that there is none of', '/v1/calls?outcome=refused'),
    list('one call, with what its number did before', `/v1/calls/${call.id}`),
    list('timeline of a call', `/v1/calls/${call.id}/timeline`),
    list('incidents, newest', '/v1/incidents'),
    list('incidents, 200 of half a year ago', `/v1/incidents?limit=200&cursor=${middle}`),
    list('incidents that are open', '/v1/incidents?status=open'),
    list('incidents of a rare kind', '/v1/incidents?kind=brawl'),
    list('incidents of a kind that there is none of', '/v1/incidents?kind=missing-person'),
    list('incident by its number', `/v1/incidents?number=${incident.number}`),
    list('one incident', `/v1/incidents/${incident.id}`),
    list('decisions of an incident, explained', `/v1/incidents/${incident.id}/decisions`),
    list('dispatches, newest', '/v1/dispatches'),
    list('dispatches of an incident', `/v1/dispatches?incidentId=${incident.id}`),
    list('call-backs, newest', '/v1/callbacks'),
    list('call-backs, 200 of half a year ago', `/v1/callbacks?limit=200&cursor=${middle}`),
    list('call-backs on the list', '/v1/callbacks?state=listed'),
    list('call-backs of a state that there is none of', '/v1/callbacks?state=calling'),
    list('sessions of an operator', `/v1/operators/${operatorId(3)}/sessions`),
    list('nuisance score of a number', `/v1/nuisance?number=${encodeURIComponent(call.identity.number)}`),
    report('operators, a month', 30),
    report('operators, a year', 365),
    {
      name: 'the rules asked again about 1,000 decisions of a month',
      ask: () => api('POST', '/v1/rules/evaluate', { body: { past }, expect: [200] }),
      times: 8,
      aim: within(1),
    },
  ];
}

const iso = (at) => new Date(at).toISOString();

/** A position in a list that is ordered by time and id, as its cursors say it. */
function cursorAt(at) {
  return Buffer.from(JSON.stringify([iso(at), 'ffffffff-ffff-7fff-bfff-ffffffffffff'])).toString('base64url');
}
