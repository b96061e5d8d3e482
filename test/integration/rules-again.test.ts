import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { Call } from '../../src/calls/call.ts';
import type { RingJob } from '../../src/dispatch/dispatch.ts';
import type { NotifyWish } from '../../src/notifications/tell.ts';
import type { Role } from '../../src/platform/auth.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let rooms: ControllerRooms;
let tokens: Record<Role, string>;
const jobs: RingJob[] = [];
const told: NotifyWish[] = [];

const inside = { latitude: 0.5071, longitude: 101.4478 };
const corners = [
  [101.44, 0.5],
  [101.46, 0.5],
  [101.46, 0.52],
  [101.44, 0.52],
  [101.44, 0.5],
];
const rules = [
  {
    id: 'crowd',
    name: 'Many call',
    when: { kinds: ['fire'], minimumCalls: 2 },
    then: [{ agencyId: 'pmi', mode: 'listen' }],
    tell: ['wali-kota', 'sekda'],
  },
  {
    id: 'harbour',
    name: 'At the harbour',
    when: { kinds: ['fire'], areas: [{ type: 'Polygon', coordinates: [corners] }] },
    then: [{ agencyId: 'basarnas', mode: 'transfer' }],
  },
  {
    id: 'rumbai',
    name: 'In Rumbai',
    when: { kinds: ['fire'], districts: ['Rumbai'] },
    then: [{ agencyId: 'bpbd', mode: 'transfer' }],
  },
  { id: 'fire', name: 'Fire', when: { kinds: ['fire'] }, then: [{ agencyId: 'damkar' }], tell: ['wali-kota'] },
];

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startController(database.url, {
    city: 'pekanbaru',
    withoutCall: {
      ringAgency(job) {
        jobs.push(job);
        return Promise.resolve({ result: 'taken' });
      },
      notify: (wish) => void told.push(wish),
    },
  });
  const put = await send('PUT', '/v1/rules', { default: [{ agencyId: 'polisi' }], rules });
  expect([put.status, put.text]).toEqual([200, expect.any(String)]);
}, 60_000);
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

const send = (method: string, path: string, body?: object): Promise<Answer> =>
  ask(rooms, tokens.admin, method, path, { ...(body === undefined ? {} : { body }), headers: { 'if-match': '*' } });
const classify = (incidentId: string, body: object): Promise<Answer> =>
  send('PATCH', `/v1/incidents/${incidentId}`, body);
const decided = async (incidentId: string): Promise<string[][]> => {
  await rooms.settled();
  const { body } = await send('GET', `/v1/incidents/${incidentId}/decisions`);
  const { items } = z
    .object({ items: z.array(z.object({ actions: z.array(z.object({ agencyId: z.string() })) })) })
    .parse(body);
  return items.map(({ actions }) => actions.map(({ agencyId }) => agencyId));
};
const engaged = (call: Call): string[] =>
  rooms.call(call.id).dispatches.map(({ agencyId, mode }) => `${agencyId} ${mode}`);
const rung = (incidentId: string): string[] =>
  jobs.filter((job) => job.incidentId === incidentId).map(({ attemptId }) => attemptId);
const dispatchIds = (answer: Answer): string[] => z.array(z.string()).parse(answer.at('dispatchIds'));
const agenciesOf = async (incidentId: string): Promise<string[]> => {
  await rooms.settled();
  const { body } = await send('GET', `/v1/dispatches?incidentId=${incidentId}`);
  const { items } = z.object({ items: z.array(z.object({ agencyId: z.string(), mode: z.string() })) }).parse(body);
  return items.map(({ agencyId, mode }) => `${agencyId} ${mode}`).sort();
};
let numbers = 0;
const newNumber = (): string => `+62812${String((numbers += 1)).padStart(8, '0')}`;
const reported = async (body: object = {}): Promise<string> => {
  const report = { kind: 'fallen-tree', text: 'Pohon tumbang', source: 'app', ...body };
  const answer = await ask(rooms, tokens.client, 'POST', '/v1/incidents', {
    body: report,
    headers: { 'idempotency-key': randomUUID() },
  });
  expect(answer.status).toBe(201);
  return z.uuid().parse(answer.at('id'));
};

describe('a live call', () => {
  const taken = async (): Promise<Call> => {
    const call = rooms.arrive({ number: newNumber() });
    await rooms.talk(call.id, randomUUID());
    await classify(call.incident.id, { kind: 'fire' });
    expect(engaged(call)).toEqual(['damkar bridge']);
    return call;
  };

  test('that is located in an area of a rule: its agency is rung, beside the operator, and once', async () => {
    const call = await taken();
    const point = { type: 'point', ...inside };
    expect((await send('POST', `/v1/calls/${call.id}/locations`, point)).status).toBe(201);
    await until('the rules were asked again', () => engaged(call).length === 2);
    expect(engaged(call)).toEqual(['damkar bridge', 'basarnas bridge']);
    await send('POST', `/v1/calls/${call.id}/locations`, { ...point, latitude: 0.508 });
    await rooms.settled();
    expect(engaged(call)).toHaveLength(2);
    expect(await decided(call.incident.id)).toEqual([['damkar'], ['basarnas', 'damkar']]);
  });

  test('of which a person names the district: whom that brings is rung, and not again for the next one', async () => {
    const call = await taken();
    const [id = ''] = dispatchIds(await classify(call.incident.id, { district: 'Rumbai' }));
    expect(engaged(call)).toEqual(['damkar bridge', 'bpbd transfer']);
    expect(rooms.call(call.id).dispatches.at(-1)?.id).toBe(id);
    await send('POST', `/v1/dispatches/${id}/cancel`);
    for (const district of ['Sail', 'Rumbai']) {
      expect(dispatchIds(await classify(call.incident.id, { district }))).toEqual([]);
    }
    expect(await decided(call.incident.id)).toEqual([['damkar'], ['bpbd', 'damkar']]);
  });
});

test('an ended call that is classified rings and tells; a redial that joins it, only whom the number of calls brings', async () => {
  const number = newNumber();
  const first = rooms.arrive({ number });
  rooms.ahead(12_000);
  rooms.hangUp(first.id);
  const incidentId = first.incident.id;
  const ids = dispatchIds(await classify(incidentId, { kind: 'fire' }));
  expect(ids).toHaveLength(1);
  await until('the fire brigade rings', () => rung(incidentId).length === 1);
  await rooms.settled();
  const again = rooms.arrive({ number });
  expect(again.incident.id).toBe(incidentId);
  await rooms.talk(again.id, randomUUID());
  await until('the rules were asked again', () => engaged(again).length > 0);
  expect(engaged(again)).toEqual(['pmi listen']);
  expect(rooms.call(again.id).told?.sort()).toEqual(['sekda', 'wali-kota']);
  expect(rung(incidentId)).toHaveLength(1);
  expect(await agenciesOf(incidentId)).toEqual(['damkar bridge', 'pmi listen']);
  expect(await decided(incidentId)).toEqual([['damkar'], ['pmi', 'damkar']]);
}, 60_000);

test('a report that is classified anew rings and tells once more whom that brings, and nobody twice', async () => {
  const id = await reported();
  const before = await agenciesOf(id);
  const answer = await classify(id, { kind: 'fire' });
  expect([answer.status, dispatchIds(answer).length]).toEqual([200, 1]);
  expect(await agenciesOf(id)).toEqual([...before, 'damkar bridge'].sort());
  const mine = (): string[] => told.filter((wish) => wish.incidentId === id).flatMap((wish) => wish.recipientIds);
  expect(mine()).toEqual(['wali-kota']);
  expect(told.find((wish) => wish.incidentId === id)).toMatchObject({ reason: { by: 'rule', ruleId: 'fire' } });
  // Engaged: it is not rung for the next change.
  expect(dispatchIds(await classify(id, { severity: 'critical' }))).toEqual([]);
  expect(dispatchIds(await classify(id, { district: 'Rumbai' }))).toHaveLength(1);
  expect(mine()).toEqual(['wali-kota', 'wali-kota']);
  expect(await agenciesOf(id)).toEqual([...before, 'bpbd transfer', 'damkar bridge'].sort());
  expect(await decided(id)).toEqual([['polisi'], ['damkar'], ['damkar'], ['bpbd', 'damkar']]);
});

test('an incident that is closed is only corrected, and a change of anything else asks nobody', async () => {
  const id = await reported();
  const before = await agenciesOf(id);
  expect(dispatchIds(await classify(id, { disposition: 'agency-sent' }))).toEqual([]);
  expect(dispatchIds(await classify(id, { status: 'closed', kind: 'fire' }))).toEqual([]);
  expect(dispatchIds(await classify(id, { severity: 'high' }))).toEqual([]);
  expect(await agenciesOf(id)).toEqual(before);
  expect(await decided(id)).toHaveLength(1);
});

test('an incident that has been open for hours is only corrected: who tidies up sends nobody', async () => {
  const id = await reported();
  const before = await agenciesOf(id);
  rooms.ahead(5 * 60 * 60_000);
  expect(dispatchIds(await classify(id, { kind: 'fire' }))).toEqual([]);
  expect(await agenciesOf(id)).toEqual(before);
  expect(await decided(id)).toHaveLength(1);
});
