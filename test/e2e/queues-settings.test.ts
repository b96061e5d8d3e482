import { z } from 'zod';
import { answers, rings, type Call } from '../../scripts/sip/phone.mjs';
import type { CallView } from '../../src/calls/view.ts';
import type { QueueSetting } from '../../src/settings/line-setting.ts';
import { queuePicture, type QueuePicture } from '../../src/acd/picture.ts';
import type { Centre } from '../support/centre.ts';
import { calmAgain, idleInOrder, pauseOperator, resumeOperator } from '../support/idle.ts';
import { until, type Answer } from '../support/rest.ts';
import { startCentre } from '../support/start-centre.ts';

// Of two operators one knows first aid and Minangkabau; a third is on standby.
const [anybody, able, standby] = [0, 1, 2];
let centre: Centre;

beforeAll(async () => {
  centre = await startCentre({ name: 'queues', operators: 3, settings: never() });
  await centre.operatorPhones(answers());
  await change(able, { skills: ['medis'], languages: ['id', 'min'] });
  await change(standby, { tier: 'standby' });
}, 60_000);
afterAll(() => centre.stop(), 30_000);
afterEach(() => calmAgain(centre, never()));

/** One queue, and nothing that time changes. */
function never() {
  return {
    pauseUnanswered: false,
    operatorRingSeconds: 3,
    ringAllSeconds: null,
    standbySeconds: null,
    supervisorSeconds: null,
    backupCentreSeconds: null,
    promoteSeconds: 600,
    skillSeconds: 60,
    queues: [],
    queueAlerts: [],
  };
}

const medical = (times: QueueSetting['times']) => ({
  queues: [
    { id: 'medis', name: 'Medis', numbers: ['5119'], priority: 3, skills: ['medis'], languages: ['min'], times },
  ],
});
const agencies = (times: QueueSetting['times'], numbers = ['5112']) => ({
  queues: [{ id: 'instansi', name: 'Instansi', numbers, priority: 6, skills: [], languages: [], times }],
});

async function change(index: number, body: object): Promise<void> {
  const answer = await centre.api.ask('PATCH', `/v1/operators/${idOf(index)}`, { body });
  expect(answer.status).toBe(200);
}

const idOf = (index: number): string => centre.operators[index]?.id ?? '';

interface Waiting {
  citizen: Call;
  call: CallView;
}

async function dial(to = '112'): Promise<Waiting> {
  const citizen = await centre.dial({ to });
  return { citizen, call: await centre.api.taken(citizen) };
}

async function taker({ call }: Waiting, within = 10_000): Promise<{ id: string; waited: number }> {
  const assigned = await centre.feed.waitFor('operator.assigned', { callId: call.id, within });
  const talking = await centre.feed.waitFor('operator.talking', { callId: call.id, within });
  return { id: String(talking.detail['operatorId']), waited: assigned.at - Date.parse(call.arrivedAt) };
}

const queue = (): Promise<QueuePicture> => centre.api.get('/v1/queue', queuePicture);

/** Why nobody's phone rings for the call, as soon as that is said. */
async function reasonOf({ call }: Waiting): Promise<string | null> {
  let found: QueuePicture['waiting'] = [];
  await until('the call waits', async () => {
    found = (await queue()).waiting.filter(({ callId }) => callId === call.id);
    return found.length === 1;
  });
  return found[0]?.reason ?? null;
}

async function inLine(...order: Waiting[]): Promise<void> {
  const expected = order.map(({ call }) => call.id);
  let waiting: QueuePicture['waiting'] = [];
  await until(`they wait in this order: ${expected.join(', ')}`, async () => {
    waiting = (await queue()).waiting;
    return waiting.map(({ callId }) => callId).join() === expected.join();
  });
  expect(waiting.map(({ position }) => position)).toEqual(order.map((_, index) => index + 1));
}

describe('a queue that needs a skill and a language', () => {
  test('goes to the operator who has them, and after its time to another', async () => {
    await centre.api.set(medical({ skillSeconds: 4 }));
    await idleInOrder(centre, anybody, able);
    const first = await dial('5119');
    expect((await taker(first)).id).toBe(idOf(able));
    const second = await dial('5119');
    expect(await reasonOf(second)).toBe('none with medis, min is free yet');
    const { id, waited } = await taker(second);
    expect(id).toBe(idOf(anybody));
    expect(waited).toBeGreaterThanOrEqual(4_000);
    expect(waited).toBeLessThan(8_000);
  });

  test('waits for him, while a call that came later and needs nothing has who is free', async () => {
    await centre.api.set(medical({}));
    await idleInOrder(centre, anybody, able);
    const busy = await dial('5119');
    expect((await taker(busy)).id).toBe(idOf(able));
    const waiting = await dial('5119');
    await reasonOf(waiting);
    expect((await taker(await dial())).id).toBe(idOf(anybody));
    await busy.citizen.hangUp();
    expect((await taker(waiting)).id).toBe(idOf(able));
  });
});

test('agencies that call back wait behind a 112 call that came later, and before it once they have waited long', async () => {
  await centre.api.set(agencies({ promoteSeconds: 10 }));
  await idleInOrder(centre, anybody);
  const busy = await dial();
  await taker(busy);
  const agency = await dial('5112');
  const citizen = await dial();
  await inLine(citizen, agency);
  await busy.citizen.hangUp();
  expect((await taker(citizen)).id).toBe(idOf(anybody));
  const later = await dial();
  await inLine(later, agency);
  await until('the agency is promoted', async () => (await queue()).waiting[0]?.callId === agency.call.id, 12_000);
  await inLine(agency, later);
  await citizen.citizen.hangUp();
  expect((await taker(agency)).waited).toBeGreaterThanOrEqual(10_000);
  await agency.citizen.hangUp();
  expect((await taker(later)).id).toBe(idOf(anybody));
}, 40_000);

test('people are told by level that callers wait, of each level once, and when it is over', async () => {
  const levels = [
    { level: 'notice' as const, waitingSeconds: 1 },
    { level: 'warning' as const, waitingSeconds: 3 },
    { level: 'critical' as const, waitingSeconds: 60 },
  ];
  await centre.api.set({ queueAlerts: levels });
  await idleInOrder(centre);
  const told = () => centre.feed.all('queue.alert').map(({ detail }) => [detail['level'], detail['waiting']]);
  const first = await dial();
  await centre.feed.waitFor('queue.alert', { detail: { level: 'notice' } });
  const second = await dial();
  const warning = await centre.feed.waitFor('queue.alert', { detail: { level: 'warning' } });
  expect(warning.at - Date.parse(first.call.arrivedAt)).toBeGreaterThanOrEqual(3_000);
  expect(warning.detail).toEqual({ level: 'warning', waitingSeconds: 3, waiting: 2 });
  await until('the picture has it', async () => (await queue()).alert === 'warning');
  // Ranked anew, the line decides anew: that tells nobody again.
  expect((await rank(second, { priority: 4 })).status).toBe(200);
  expect(told()).toEqual([
    ['notice', 1],
    ['warning', 2],
  ]);
  const from = centre.feed.seen.length;
  await resumeOperator(centre, anybody);
  await taker(first);
  await resumeOperator(centre, able);
  await taker(second);
  await until('the screens hear that it is over', () =>
    centre.feed.seen.slice(from).some(({ type, detail }) => type === 'queue.changed' && detail['alert'] === null),
  );
  expect((await queue()).alert).toBeNull();
  await dial();
  await centre.feed.waitFor('queue.alert', { detail: { level: 'notice' }, count: 2 });
  expect(told()).toEqual([
    ['notice', 1],
    ['warning', 2],
    ['notice', 1],
  ]);
}, 30_000);

function rank({ call }: Waiting, body: object): Promise<Answer> {
  return centre.api.ask('PATCH', `/v1/queue/${call.id}`, { as: 'supervisor', body });
}

test('a supervisor puts a waiting call first, and says what its operator has to know', async () => {
  await idleInOrder(centre, anybody);
  const busy = await dial();
  await taker(busy);
  const [first, second, third] = [await dial(), await dial(), await dial()];
  await inLine(first, second, third);
  expect((await rank(third, { priority: 1 })).pluck('waiting', 'callId')[0]).toBe(third.call.id);
  await inLine(third, first, second);
  await rank(first, { languages: ['min'] });
  await busy.citizen.hangUp();
  expect((await taker(third)).id).toBe(idOf(anybody));
  await third.citizen.hangUp();
  expect((await taker(second)).id).toBe(idOf(anybody));
  await second.citizen.hangUp();
  await centre.api.operatorIs(idOf(anybody), 'available');
  expect(await reasonOf(first)).toBe('none with min is free yet');
  await resumeOperator(centre, able);
  expect((await taker(first)).id).toBe(idOf(able));
  expect((await rank(first, { priority: 1 })).code).toBe('queue.unknown-call');
});

test("a queue's own settings hold from the next call on, without a restart", async () => {
  await idleInOrder(centre, anybody);
  centre.phoneOf(anybody).behave(rings());
  /** How long a phone rang for a call to this number, and in which queue it is. */
  const rung = async (to: string): Promise<{ seconds: number; queues: string[] }> => {
    const one = await dial(to);
    const assigned = await centre.feed.waitFor('operator.assigned', { callId: one.call.id });
    expect((await queue()).ringing).toMatchObject([{ callId: one.call.id, operatorIds: [idOf(anybody)] }]);
    // His phone goes on ringing, once.
    await pauseOperator(centre, anybody);
    const out = await centre.feed.waitFor('operator.not-reached', { callId: one.call.id });
    await reasonOf(one);
    const queues = (await queue()).waiting.map((waiting) => waiting.queue);
    await one.citizen.hangUp();
    await centre.quiet();
    await resumeOperator(centre, anybody);
    return { seconds: Math.floor((out.at - assigned.at) / 1_000), queues };
  };
  expect(await rung('5112')).toEqual({ seconds: 3, queues: ['112'] });
  await centre.api.set(agencies({ operatorRingSeconds: 5 }));
  expect(await rung('5112')).toEqual({ seconds: 5, queues: ['instansi'] });
  expect(await rung('112')).toEqual({ seconds: 3, queues: ['112'] });
  await centre.api.set(agencies({ operatorRingSeconds: 4 }, ['5113']));
  expect(await rung('5113')).toEqual({ seconds: 4, queues: ['instansi'] });
  expect(await rung('5112')).toEqual({ seconds: 3, queues: ['112'] });
}, 60_000);

test('it is said of every call that waits why nobody is rung for it', async () => {
  await idleInOrder(centre);
  const one = await dial();
  expect(await reasonOf(one)).toBe('everybody at a desk is paused');
  await resumeOperator(centre, anybody);
  await taker(one);
  await resumeOperator(centre, standby);
  const two = await dial();
  expect(await reasonOf(two)).toBe(
    'all regular operators are busy, and the others are rung only for calls that have waited longer',
  );
  await pauseOperator(centre, standby);
  expect(await reasonOf(two)).toBe('all operators are busy');
  const told = z.array(z.object({ callId: z.string(), reason: z.string().nullable() }));
  await until('the screens hear of it', () =>
    centre.feed
      .all('queue.changed')
      .some(({ detail }) =>
        told.parse(detail['waiting']).some((waiting) => waiting.reason === 'all operators are busy'),
      ),
  );
  await one.citizen.hangUp();
  expect((await taker(two)).id).toBe(idOf(anybody));
});
