import { createToken } from '../../src/access/token-command.ts';
import { callbackView } from '../../src/triage/callback-routes.ts';
import type { RingJob } from '../../src/dispatch/dispatch.ts';
import type { NotifyWish } from '../../src/notifications/tell.ts';
import { roles, type Role } from '../../src/platform/auth.ts';
import { z } from 'zod';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let rooms: ControllerRooms;
let tokens: Record<Role, string>;
const jobs: RingJob[] = [];
const told: NotifyWish[] = [];

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startController(database.url, {
    city: 'kendari',
    withoutCall: {
      ringAgency(job) {
        jobs.push(job);
        return Promise.resolve({ result: 'taken' });
      },
      notify: (wish) => void told.push(wish),
    },
  });
}, 60_000);
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

const fire = {
  kind: 'fire',
  severity: 'high',
  district: 'mandonga',
  text: 'Asap tebal\ndi belakang pasar',
  reporter: { name: 'Rina', number: '0812-1111-2222' },
  source: 'app',
};
let keys = 0;
const newKey = (): string => `key-${(keys += 1)}`;
const report = (body: object, key: string | null = newKey(), token = tokens.client): Promise<Answer> =>
  ask(rooms, token, 'POST', '/v1/incidents', {
    body,
    headers: key === null ? {} : { 'idempotency-key': key },
  });
const idOf = (answer: Answer): string => z.uuid().parse(answer.at('id'));
const jobsOf = (incidentId: string): RingJob[] => jobs.filter((job) => job.incidentId === incidentId);

test('a report becomes an incident, rings whom the rules name, and its own client sees how far it is', async () => {
  const answer = await report(fire);
  expect([answer.status, answer.at('number')]).toEqual([201, expect.stringMatching(/^\d{6}$/)]);
  const id = idOf(answer);
  expect(answer.headers.get('location')).toBe(`/v1/incidents/${id}/report`);
  expect(jobsOf(id)).not.toHaveLength(0);
  expect(jobsOf(id)[0]).toMatchObject({ callerNumber: '+6281211112222', callerChannelId: null });
  await rooms.settled();
  const own = await ask(rooms, tokens.client, 'GET', `/v1/incidents/${id}/report`);
  expect(own.body).toMatchObject({
    incidentId: id,
    number: answer.at('number'),
    source: 'app',
    status: 'open',
    kind: 'fire',
    // As the city spells it.
    district: 'Mandonga',
    text: fire.text,
    reporter: fire.reporter,
    wantsCallback: false,
    drill: false,
  });
  expect(own.pluck('dispatches', 'state')).toContain('requested');
  const incident = await ask(rooms, tokens.operator, 'GET', `/v1/incidents/${id}`);
  expect(incident.body).toMatchObject({ kind: 'fire', severity: 'high', callIds: [] });
  const lines = await ask(rooms, tokens.operator, 'GET', `/v1/incidents/${id}/timeline`);
  expect(lines.pluck('items', 'type')).toEqual(
    expect.arrayContaining(['incident.reported', 'dispatch.requested', 'dispatch.attempt']),
  );
  expect(lines.text).not.toMatch(/81211112222|Rina/);
  const decisions = await ask(rooms, tokens.operator, 'GET', `/v1/incidents/${id}/decisions`);
  expect(decisions.at('items.0.facts')).toMatchObject({ source: 'app', calls: 0, drill: false });
  expect(rooms.events.filter(({ incidentId }) => incidentId === id)[0]).toMatchObject({
    type: 'incident.reported',
    callId: null,
    detail: { kind: 'fire', source: 'app', district: 'Mandonga' },
  });
  const dispatches = await ask(rooms, tokens.operator, 'GET', `/v1/dispatches?incidentId=${id}`);
  expect(dispatches.pluck('items', 'callId')).toContain(null);
});

test('the district comes of the position where none is named; leaders are told by the rules', async () => {
  // The rooms have the map of Pekanbaru.
  const position = { latitude: 0.4636, longitude: 101.39, radius: 30 };
  const unnamed = { kind: 'brawl', severity: 'critical', text: 'Tawuran', position };
  const id = idOf(await report({ ...unnamed, source: 'alarm' }));
  const { body } = await ask(rooms, tokens.client, 'GET', `/v1/incidents/${id}/report`);
  expect(body).toMatchObject({ district: 'Tuah Madani' });
  const { format, locationInfo } = jobsOf(id)[0]?.location ?? { format: '', locationInfo: '' };
  expect([format, locationInfo]).toEqual(['GML', expect.stringContaining('0.4636')]);
  const mine = told.filter(({ incidentId }) => incidentId === id);
  const why = { reason: { by: 'rule', incidentVersion: 1 }, message: { position: { latitude: 0.4636 } } };
  expect(mine).toMatchObject(
    ['wali-kota', 'wakil-wali-kota', 'sekda'].map((leader) => ({ ...why, recipientIds: [leader] })),
  );
});

test('the same request is one incident, also twice at once; another one under its key is refused', async () => {
  const key = newKey();
  const [one, other] = await Promise.all([report(fire, key), report(fire, key)]);
  expect([one.status, other.status, one.at('id') === other.at('id')]).toEqual([201, 201, true]);
  const again = await report(fire, key);
  expect([again.status, again.at('id'), again.headers.get('idempotency-replayed')]).toEqual([
    201,
    one.at('id'),
    'true',
  ]);
  expect((await report({ ...fire, severity: 'low' }, key)).code).toBe('idempotency.key-reused');
  expect(new Set(jobsOf(idOf(one)).map(({ attemptId }) => attemptId)).size).toBe(jobsOf(idOf(one)).length);
  // Another client's key is another.
  const { token } = await createToken(database.url, { role: 'client', name: 'another app' });
  await until('the token is known', async () => (await report(fire, key, token)).status === 201);
  expect((await report(fire, key, token)).at('id')).not.toBe(one.at('id'));
  const theirs = await ask(rooms, token, 'GET', `/v1/incidents/${idOf(one)}/report`);
  expect([theirs.status, theirs.code]).toEqual([404, 'reports.unknown']);
});

test.each<[string, object]>([
  ['no text', { text: undefined }],
  ['a text of control characters', { text: 'a\u0000b' }],
  ['a text that turns around', { text: 'a\u202eb' }],
  ['a text that is too long', { text: 'x'.repeat(2_001) }],
  ['a kind that is none', { kind: 'earthquake-drill' }],
  ['a source that is none', { source: 'call' }],
  ['a place that is none', { position: { latitude: 91, longitude: 0 } }],
  ['half a place', { position: { latitude: 1 } }],
  ['a name over two lines', { reporter: { name: 'a\nb' } }],
  ['something else', { dispatches: [] }],
  ['a callback without a number', { wantsCallback: true, reporter: {} }],
])('bad input is refused: %s', async (_what, over) => {
  const answer = await report({ ...fire, ...over });
  expect([answer.status, answer.code]).toEqual([400, 'request.invalid']);
});

test('a report without a key, and one that is too large, are refused', async () => {
  expect((await report(fire, null)).code).toBe('idempotency.key-missing');
  expect((await report(fire, 'x y')).code).toBe('idempotency.key-invalid');
  expect((await report({ ...fire, text: 'x'.repeat(20_000) })).status).toBe(413);
});

test('only clients report, and they do nothing else', async () => {
  for (const role of [...roles, 'gateway'] as const) {
    expect([role, (await report(fire, newKey(), tokens[role])).code]).toEqual([role, 'access.role']);
  }
  const id = idOf(await report(fire));
  for (const [method, path] of [
    ['GET', '/v1/incidents'],
    ['GET', `/v1/incidents/${id}`],
    ['GET', `/v1/incidents/${id}/timeline`],
    ['GET', '/v1/dispatches'],
    ['GET', '/v1/callbacks'],
    ['POST', `/v1/incidents/${id}/dispatches`],
    ['GET', '/v1/events'],
  ] as const) {
    expect([path, (await ask(rooms, tokens.client, method, path)).status]).toEqual([path, 403]);
  }
});

test('a confidential report is shown to supervisors, and its event says nothing', async () => {
  const id = idOf(await report({ ...fire, kind: 'child-violence' }));
  const path = `/v1/incidents/${id}/report`;
  expect((await ask(rooms, tokens.operator, 'GET', path)).code).toBe('incidents.confidential');
  expect((await ask(rooms, tokens.supervisor, 'GET', path)).status).toBe(200);
  expect((await ask(rooms, tokens.client, 'GET', path)).status).toBe(200);
  const events = rooms.events.filter(({ incidentId }) => incidentId === id);
  expect(events.map(({ detail }) => detail)).toEqual(events.map(() => ({})));
});

test('who wants to be called back is on the list, once', async () => {
  const key = newKey();
  const id = idOf(await report({ ...fire, wantsCallback: true }, key));
  await report({ ...fire, wantsCallback: true }, key);
  const listed = await ask(rooms, tokens.supervisor, 'GET', '/v1/callbacks?limit=200');
  const mine = z
    .object({ items: z.array(callbackView) })
    .parse(listed.body)
    .items.filter(({ incidentId }) => incidentId === id);
  expect(mine).toMatchObject([
    { callId: null, number: '+6281211112222', state: 'listed', notCallable: null, district: 'Mandonga' },
  ]);
  const due = await rooms.triage.callbacks.nextDue();
  expect(due).toMatchObject({ incidentId: id, callId: null });
  const odd = idOf(await report({ ...fire, wantsCallback: true, reporter: { number: '12' } }));
  const after = await ask(rooms, tokens.supervisor, 'GET', '/v1/callbacks?limit=200');
  expect(z.object({ items: z.array(callbackView) }).parse(after.body).items).toContainEqual(
    expect.objectContaining({ incidentId: odd, notCallable: 'not-a-number', number: null }),
  );
});

test('a drill rings no agency on its ordinary trunks', async () => {
  const id = idOf(await report({ ...fire, drill: true }));
  expect(jobsOf(id)).toEqual([]);
});

test('one client reports so often in a minute, and repeats are none', async () => {
  const { token } = await createToken(database.url, { role: 'client', name: 'a busy app' });
  await until('the token is known', async () => (await report(fire, 'busy-0', token)).status === 201);
  const answers = await Promise.all(Array.from({ length: 70 }, (_, index) => report(fire, `busy-${index}`, token)));
  const count = (wanted: number): number => answers.filter(({ status }) => status === wanted).length;
  expect([count(201), count(429), answers.length]).toEqual([60, 10, 70]);
  expect(answers.find(({ status }) => status === 429)?.code).toBe('reports.too-many');
  expect((await report(fire, 'busy-0', token)).status).toBe(201);
  // Another client is not held up.
  expect((await report(fire)).status).toBe(201);
}, 30_000);
