import { z } from 'zod';
import { answers, freePort, rings, startPhone, type Call, type Phone } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { Centre } from '../support/centre.ts';
import { hearsPrompt } from '../support/ear.ts';
import { calmAgain, idleInOrder, pauseOperator, resumeOperator } from '../support/idle.ts';
import { until } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

// Three operators, one on standby, one supervisor.
const [standby, supervisor] = [3, 4];
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'line', operators: 5, settings: never() });
  await centre.operatorPhones(answers());
  await tier(standby, 'standby');
  await tier(supervisor, 'supervisor');
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => calmAgain(centre, never()));

/** Nothing but regular operators is ever rung, and nobody is paused by himself. */
function never() {
  return {
    pauseUnanswered: false,
    ringAllSeconds: null,
    standbySeconds: null,
    supervisorSeconds: null,
    backupCentreSeconds: null,
    backupCentre: null,
    promoteSeconds: 600,
  };
}

async function tier(index: number, name: string): Promise<void> {
  const answer = await centre.api.ask('PATCH', `/v1/operators/${idOf(index)}`, { body: { tier: name } });
  expect(answer.status).toBe(200);
}

const idOf = (index: number): string => centre.operators[index]?.id ?? '';

const idleOperators = z.array(
  z.object({ id: z.string(), state: z.string(), since: z.string().transform((at) => Date.parse(at)) }),
);

interface Waiting {
  citizen: Call;
  call: CallView;
}

async function dial(options: Parameters<Centre['dial']>[0] = {}): Promise<Waiting> {
  const citizen = await centre.dial(options);
  return { citizen, call: await centre.api.taken(citizen) };
}

const talks = (callId: string): boolean => centre.feed.all('operator.talking', { callId }).length > 0;

async function takerOf({ call }: Waiting): Promise<string> {
  const talking = await centre.feed.waitFor('operator.talking', { callId: call.id });
  return String(talking.detail['operatorId']);
}

async function stateOf(index: number): Promise<{ state: unknown; reason: unknown }> {
  const answer = await centre.api.ask('GET', '/v1/operators');
  const ids = answer.pluck('items', 'id');
  const at = ids.indexOf(idOf(index));
  return { state: answer.at(`items.${at}.state`), reason: answer.at(`items.${at}.reason`) };
}

/** Operators who could be given a call, with since when: who has been idle longest first. */
async function idle(): Promise<{ id: string; since: number }[]> {
  const answer = await centre.api.ask('GET', '/v1/operators');
  return idleOperators
    .parse(answer.at('items'))
    .filter(({ state }) => state === 'available')
    .sort((a, b) => a.since - b.since);
}

test('ten calls, three operators: the oldest call is next, and the operator who has been idle longest gets it', async () => {
  await idleInOrder(centre, 1, 0, 2);
  const talking = new Map<string, Waiting>();
  const calls: Waiting[] = [];
  /** One call after the other while several are free, in the order in which they came to be. */
  const goByIdleTime = async (...order: number[]): Promise<void> => {
    const free = await idle();
    expect(free.map(({ id }) => id)).toEqual(order.map(idOf));
    expect(new Set(free.map(({ since }) => since)).size).toBe(order.length);
    for (const [index, { id }] of free.entries()) {
      const one = await dial();
      calls.push(one);
      expect(await takerOf(one)).toBe(id);
      talking.set(id, one);
      // The others' turn is as it was.
      expect(await idle()).toEqual(free.slice(index + 1));
    }
  };
  await goByIdleTime(1, 0, 2);

  const later: Waiting[] = [];
  for (let index = 0; index < 4; index += 1) later.push(await dial());
  calls.push(...later);
  const queue = await centre.api.ask('GET', '/v1/queue');
  expect(queue.pluck('waiting', 'callId')).toEqual(later.map(({ call }) => call.id));
  // Whoever becomes free gets the oldest, and nobody else does.
  for (const [index, operator] of [2, 1, 1, 0].entries()) {
    const one = later[index];
    if (one === undefined) throw new Error('too few calls');
    await talking.get(idOf(operator))?.citizen.hangUp();
    expect(await takerOf(one)).toBe(idOf(operator));
    talking.set(idOf(operator), one);
    expect(later.filter(({ call }) => talks(call.id))).toEqual(later.slice(0, index + 1));
  }

  for (const operator of [0, 2, 1]) {
    await talking.get(idOf(operator))?.citizen.hangUp();
    await centre.api.operatorIs(idOf(operator), 'available');
  }
  await goByIdleTime(0, 2, 1);

  expect(calls).toHaveLength(10);
  const ids = calls.map(({ call }) => call.id);
  const told = (type: string) => centre.feed.all(type).flatMap(({ callId }) => ids.filter((id) => id === callId));
  // Served in the order in which they came, and each offered to one operator and no other.
  expect(told('operator.talking')).toEqual(ids);
  expect(told('operator.assigned')).toEqual(ids);
});

test('two calls at the same moment for one operator: he gets one, and the other after it', async () => {
  await idleInOrder(centre, 0);
  const before = centre.phoneOf(0).calls.length;
  const callers = await Promise.all([centre.dialLine(440), centre.dialLine(440)]);
  const ids = await Promise.all(callers.map(async ({ wire }) => (await centre.api.taken(wire)).id));
  await until('he talks with one of them', () => ids.some(talks));
  const first = ids.findIndex(talks);
  const [later = ''] = ids.filter((_, index) => index !== first);
  expect(centre.phoneOf(0).calls).toHaveLength(before + 1);
  expect((await centre.api.call(later)).stage).toBe('waiting');
  await callers[first]?.hangUp();
  const talking = await centre.feed.waitFor('operator.talking', { callId: later });
  expect(talking.detail['operatorId']).toBe(idOf(0));
  expect(centre.phoneOf(0).calls).toHaveLength(before + 2);
  await centre.hangUpAll();
});

test('keys that a caller presses while he is greeted are on the timeline, and keep nobody from answering him', async () => {
  await idleInOrder(centre);
  const one = await dial({ digits: ['1', '2', '9', '#'].map((digit, index) => ({ digit, after: 300 + 300 * index })) });
  await centre.feed.waitFor('key.pressed', { callId: one.call.id, detail: { by: 'caller' }, count: 4 });
  const keys = centre.feed.all('key.pressed', { callId: one.call.id }).map(({ detail }) => detail['key']);
  expect(keys).toEqual(['1', '2', '9', '#']);
  await resumeOperator(centre, 0);
  expect(await takerOf(one)).toBe(idOf(0));
});

test('an operator who lets it ring is paused with the reason, and the last one available is not', async () => {
  await centre.api.set({ pauseUnanswered: true });
  await idleInOrder(centre, 0, 1);
  centre.phoneOf(0).behave(rings());
  centre.phoneOf(1).behave(rings());
  const one = await dial();
  await centre.feed.waitFor('operator.not-reached', { callId: one.call.id, detail: { operatorId: idOf(0) } });
  await until('the first is paused', async () => (await stateOf(0)).state === 'paused');
  expect(await stateOf(0)).toEqual({ state: 'paused', reason: 'no-answer' });
  await centre.feed.waitFor('operator.not-reached', { callId: one.call.id, detail: { operatorId: idOf(1) } });
  // Rung again and again: somebody has to be.
  await centre.feed.waitFor('operator.not-reached', { callId: one.call.id, detail: { operatorId: idOf(1) }, count: 2 });
  centre.phoneOf(1).behave(answers());
  expect(await takerOf(one)).toBe(idOf(1));
}, 30_000);

test('after a while all phones ring, also of those who were paused by themselves; the first to answer has the call', async () => {
  await centre.api.set({ pauseUnanswered: true, ringAllSeconds: 4 });
  await idleInOrder(centre, 0, 1, 2);
  await pauseOperator(centre, 2);
  centre.phoneOf(0).behave(rings());
  centre.phoneOf(1).behave(rings());
  const one = await dial();
  await centre.feed.waitFor('operator.not-reached', { callId: one.call.id, detail: { operatorId: idOf(0) } });
  centre.phoneOf(0).behave(answers({ after: 1_000 }));
  // The one who paused himself is left alone; the one who was paused by his silence is rung with the other.
  const rung = centre.phoneOf(2).calls.length;
  expect(await takerOf(one)).toBe(idOf(0));
  expect(centre.phoneOf(2).calls).toHaveLength(rung);
  expect((await stateOf(0)).state).toBe('talking');
  const beside = centre.phoneOf(1).calls.at(-1);
  await beside?.waitFor('ended');
  expect(beside?.times.answered).toBeUndefined();
  await one.citizen.hangUp();
  // Who answers is at his desk.
  await centre.api.operatorIs(idOf(0), 'available');
}, 30_000);

test('operators on standby are rung after a while, then supervisors', async () => {
  await centre.api.set({ standbySeconds: 2, supervisorSeconds: 4 });
  await idleInOrder(centre, 0, standby, supervisor);
  const busy = await dial();
  expect(await takerOf(busy)).toBe(idOf(0));
  const second = await dial();
  expect(await takerOf(second)).toBe(idOf(standby));
  const third = await dial();
  expect(await takerOf(third)).toBe(idOf(supervisor));
  const assigned = centre.feed.all('operator.assigned', { callId: third.call.id })[0];
  expect((assigned?.at ?? 0) - Date.parse(third.call.arrivedAt)).toBeGreaterThanOrEqual(4_000);
}, 30_000);

describe('the backup centre', () => {
  let backup: Phone;
  beforeAll(async () => {
    const port = await freePort('127.0.0.1');
    const folder = await centre.folder('backup-centre');
    const { sipp } = centre.tools;
    backup = await startPhone({ sipp, folder, name: 'backup centre', port, behaviour: rings(), tone: 880 });
  });
  afterAll(() => backup.stop());
  const backupCentre = () => ({ number: '112', host: '127.0.0.1', port: backup.port });

  test('is rung for who has waited too long, and takes him', async () => {
    backup.behave(answers({ after: 500 }));
    await centre.api.set({ backupCentreSeconds: 2, backupCentre: backupCentre() });
    await idleInOrder(centre);
    const one = await dial();
    await centre.feed.waitFor('dispatch.joined', { callId: one.call.id });
    expect(await centre.api.call(one.call.id)).toMatchObject({ stage: 'talking' });
    expect((await centre.api.ask('GET', '/v1/queue')).pluck('waiting', 'callId')).toEqual([]);
  }, 30_000);

  test('keeps nobody from an operator here who answers first', async () => {
    backup.behave(rings());
    await centre.api.set({ backupCentreSeconds: 2, backupCentre: backupCentre() });
    await idleInOrder(centre);
    const one = await dial();
    const rung = await centre.upcoming(backup);
    await resumeOperator(centre, 0);
    expect(await takerOf(one)).toBe(idOf(0));
    await rung.waitFor('ended');
    expect(rung.times.answered).toBeUndefined();
  }, 30_000);
});

test('who waits is told his place', async () => {
  await centre.api.set({ comfortSeconds: 5 });
  await idleInOrder(centre);
  const one = await dial();
  const file = centre.recording(one.call.channelId, 'heard');
  await until('he is told', () => hearsPrompt(file, 'position-1'), 20_000);
  await resumeOperator(centre, 0);
  await takerOf(one);
}, 60_000);

// Last: its controller is another one from then on.
test('after the death of its controller a phone that talks is not rung while another is free, and is free when it ends', async () => {
  await idleInOrder(centre, 0, 1);
  const [leader] = centre.controllers;
  await centre.startController({ rank: 1 });
  const one = await dial();
  expect(await takerOf(one)).toBe(idOf(0));
  leader?.kill('SIGKILL');
  await leader?.exited;
  await centre.follow();
  await centre.api.operatorIs(idOf(0), 'talking', 15_000);
  const rung = centre.phoneOf(0).calls.length;
  const two = await dial();
  expect(await takerOf(two)).toBe(idOf(1));
  // With nobody else it waits, as for any who talk.
  const three = await dial();
  await until('everybody is busy', async () => {
    const queue = await centre.api.ask('GET', '/v1/queue');
    return queue.pluck('waiting', 'reason').includes('all operators are busy');
  });
  expect(centre.phoneOf(0).calls).toHaveLength(rung);
  await one.citizen.hangUp();
  expect(await takerOf(three)).toBe(idOf(0));
}, 90_000);
