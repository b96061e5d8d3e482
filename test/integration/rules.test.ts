import { z } from 'zod';
import { jest } from '@jest/globals';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { factsSchema, knownFactsSchema } from '../../src/routing/facts.ts';
import { incidentKinds } from '../../src/routing/kind.ts';
import { decisionSchema, type Decision } from '../../src/routing/rule.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

jest.setTimeout(120_000);

let database: TestDatabase;
let rooms: ControllerRooms;
let other: Rooms;
let tokens: Record<Role, string>;
const began = systemClock.now();

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startController(database.url, { city: 'kendari' });
  other = await startRooms(database.url);
});
afterAll(async () => {
  await Promise.all([rooms.stop(), other.stop()]);
  await database.drop();
});

const admin = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(rooms, tokens.admin, method, path, { body, headers });
const activeTag = async (): Promise<string> => (await admin('GET', '/v1/rules')).headers.get('etag') ?? '';
const put = async (body: unknown): Promise<Answer> =>
  admin('PUT', '/v1/rules', body, { 'if-match': await activeTag() });
const to = (...ids: string[]): { agencyId: string }[] => ids.map((agencyId) => ({ agencyId }));
const square = {
  type: 'Polygon',
  coordinates: [
    [
      [101, 0],
      [102, 0],
      [102, 1],
      [101, 1],
      [101, 0],
    ],
  ],
};

/** An incident as its call tells of it, classified; what the rules decided, from the record. */
async function classified(kind: string, where?: { latitude: number; longitude: number }): Promise<Decision> {
  const call = rooms.arrive({ number: '+628117654321' });
  await rooms.talk(call.id, newId(systemClock.now()));
  if (where) {
    const said = await admin('POST', `/v1/calls/${call.id}/locations`, { type: 'point', ...where });
    expect(said.status).toBe(201);
  }
  const path = `/v1/incidents/${call.incident.id}`;
  const tag = (await admin('GET', path)).headers.get('etag') ?? '';
  expect((await admin('PATCH', path, { kind, severity: 'high' }, { 'if-match': tag })).status).toBe(200);
  rooms.hangUp(call.id);
  await rooms.settled();
  const stored = z.array(decisionSchema).parse((await admin('GET', `${path}/decisions`)).at('items'));
  expect(stored).toHaveLength(1);
  return stored[0] ?? Promise.reject(new Error('no decision'));
}

const rules = {
  default: to('polisi'),
  rules: [
    {
      id: 'near',
      name: 'near, by this carrier, with its trunk not down',
      when: {
        kinds: ['fire'],
        areas: [square],
        carriers: ['carrier-1'],
        minimumCalls: 1,
        trunkStates: [{ trunkId: 'damkar-1', state: 'unknown' }],
        agencyStates: [{ agencyId: 'damkar', state: 'reachable' }],
      },
      then: [
        { agencyId: 'damkar', fallbacks: ['bpbd'] },
        { agencyId: 'pln', mode: 'notify' },
      ],
      tell: ['wali-kota'],
    },
    { id: 'night', name: 'by night', when: { hours: { from: '18:00', to: '06:00' } }, then: to('psc') },
    { id: 'holiday', name: 'holiday', when: { holidays: true }, then: to('satpol-pp') },
    { id: 'private', name: 'confidential', when: { confidential: true }, then: to('dinsos') },
  ],
};

test('what evaluate says of the facts of an incident is what was decided for it', async () => {
  expect((await put(rules)).status).toBe(200);
  const cases = [
    ['fire', { latitude: 0.5, longitude: 101.4 }],
    ['fire', { latitude: -5, longitude: 120 }],
    ['fire', undefined],
    ['child-violence', undefined],
    ['information', undefined],
  ] as const;
  for (const [kind, where] of cases) {
    const stored = await classified(kind, where);
    const facts = factsSchema.parse(stored.facts);
    expect(facts).toMatchObject({ kind, severity: 'high', carrier: 'carrier-1', source: 'call', calls: 1 });
    expect(facts.position).toEqual(where ?? null);
    // Why a rule did not match is not stored, and said all the same.
    expect(stored.trace.map(({ ruleId }) => ruleId)).toEqual([...rules.rules.map(({ id }) => id), 'default']);
    expect(stored.actions.some(({ agencyId }) => agencyId === 'damkar')).toBe(where?.longitude === 101.4);
    // The clock is said as a moment: an hour and a minute of that day, where the city is.
    const known = knownFactsSchema.strip().parse(facts);
    const at = `${facts.date ?? ''}T${facts.time}:30+08:00`;
    const answer = await admin('POST', '/v1/rules/evaluate', { facts: { ...known, at } });
    expect(answer.body).toEqual({ decision: stored, faults: [], total: 0 });
  }
});

test('past incidents are decided again by a draft: what would differ, and how many', async () => {
  const from = new Date(began - 60_000).toISOString();
  const period = { from, to: new Date(systemClock.now() + 60_000).toISOString() };
  const same = await admin('POST', '/v1/rules/evaluate', { past: period });
  expect(same.at('past')).toEqual({
    decisions: 5,
    same: 5,
    different: 0,
    notKnown: 0,
    withheld: 0,
    more: false,
    differences: [],
  });
  const draft = {
    ...rules,
    rules: [
      {
        id: 'big',
        name: 'the mayor',
        when: { kinds: ['fire'], areas: [square] },
        then: [],
        tell: ['wali-kota', 'sekda'],
      },
      { id: 'child', name: 'c', when: { kinds: ['child-violence'] }, then: to('pmi') },
      ...rules.rules,
    ],
  };
  const answer = await admin('POST', '/v1/rules/evaluate', { past: period, draft });
  expect(answer.at('past')).toMatchObject({ decisions: 5, same: 3, different: 2, withheld: 0 });
  expect(answer.pluck('past.differences', 'kind')).toEqual(['child-violence', 'fire']);
  expect(answer.pluck('past.differences.0.was.actions', 'agencyId')).not.toContain('pmi');
  expect(answer.pluck('past.differences.0.would.actions', 'agencyId')).toContain('pmi');
  expect(answer.at('past.differences.1')).toMatchObject({
    was: { tell: [{ recipientId: 'wali-kota', ruleId: 'near' }] },
    would: { tell: [{ recipientId: 'wali-kota' }, { recipientId: 'sekda' }] },
  });
  // Who need not know of a confidential incident is told how many there are.
  const audited = await ask(rooms, tokens.auditor, 'POST', '/v1/rules/evaluate', { body: { past: period, draft } });
  expect(audited.at('past')).toMatchObject({ different: 2, withheld: 1 });
  expect(audited.pluck('past.differences', 'kind')).toEqual(['fire']);

  const first = await admin('POST', '/v1/rules/evaluate', { past: { ...period, limit: 2 }, version: 1 });
  expect(first.at('past')).toMatchObject({ decisions: 2, more: true });
  expect((await admin('POST', '/v1/rules/evaluate', { past: period, version: 999 })).code).toBe(
    'rules.unknown-version',
  );
  const none = await admin('POST', '/v1/rules/evaluate', { past: { ...period, to: from } });
  expect(none.at('past.decisions')).toBe(0);
});

test('a decision from before facts were kept is read, and is not decided again', async () => {
  const [incidentId, callId] = [newId(systemClock.now()), newId(systemClock.now())];
  const incident = `insert into incidents (id, opened_at, version, status, kind) values ($1, '2020-01-01', 1, 'open', 'fire')`;
  await rooms.postgres.execute(incident, [incidentId]);
  const actions = JSON.stringify([{ agencyId: 'damkar', mode: 'bridge', stage: 1, ruleId: 'fire' }]);
  await rooms.postgres.execute(
    `insert into routing_decisions (call_id, claimed_at, sequence, incident_id, at, rule_set_version, actions, trace)
     values ($1, 1, 1, $2, '2020-01-01', 1, $3, '[]')`,
    [callId, incidentId, actions],
  );
  const read = await admin('GET', `/v1/incidents/${incidentId}/decisions`);
  expect(read.at('items.0')).toMatchObject({ facts: null, tell: [], actions: [{ agencyId: 'damkar' }] });
  const past = { from: '2019-12-31T00:00:00Z', to: '2020-01-02T00:00:00Z' };
  expect((await admin('POST', '/v1/rules/evaluate', { past })).at('past')).toMatchObject({ decisions: 1, notKnown: 1 });
});

test.each([
  ['nothing', {}],
  ['a draft and a version', { facts: { kind: 'fire' }, version: 1, draft: rules }],
  ['an unknown fact', { facts: { kind: 'fire', weather: 'rain' } }],
  ['a place off the Earth', { facts: { kind: 'fire', position: { latitude: 100, longitude: 0 } } }],
  ['too many at once', { past: { from: '2020-01-01T00:00:00Z', to: '2020-01-02T00:00:00Z', limit: 5_000 } }],
])('%s is refused', async (_name, body) => {
  expect((await admin('POST', '/v1/rules/evaluate', body)).status).toBe(400);
});

test('agencies and trunks may be supposed to be in another state', async () => {
  const facts = { kind: 'fire', position: { latitude: 0.5, longitude: 101.4 }, carrier: 'carrier-1' };
  const asked = async (over: object): Promise<unknown[]> =>
    (await admin('POST', '/v1/rules/evaluate', { facts: { ...facts, ...over } })).pluck('decision.actions', 'agencyId');
  expect(await asked({})).toContain('damkar');
  expect(await asked({ trunks: { 'damkar-1': 'down' } })).not.toContain('damkar');
  expect(await asked({ agencies: { damkar: { open: true, reachable: false } } })).not.toContain('damkar');
});

test('holidays are a setting', async () => {
  const settings = await admin('GET', '/v1/settings');
  const tag = settings.headers.get('etag') ?? '';
  const patch = (holidays: string[], ifMatch: string): Promise<Answer> =>
    admin('PATCH', '/v1/settings', { holidays }, { 'if-match': ifMatch });
  expect((await patch(['2026-02-30'], tag)).status).toBe(400);
  expect((await patch(['2026-08-17', '2026-08-17'], tag)).status).toBe(400);
  expect((await patch(['2026-08-17'], tag)).status).toBe(200);
  const on = async (at: string): Promise<unknown[]> =>
    (await admin('POST', '/v1/rules/evaluate', { facts: { kind: 'crime', at } })).pluck('decision.actions', 'agencyId');
  // Midnight of Kendari.
  expect(await on('2026-08-16T16:00:00Z')).toContain('satpol-pp');
  expect(await on('2026-08-17T16:00:00Z')).not.toContain('satpol-pp');
});

test('an agency that rules name anywhere is not deleted, and the rules are named', async () => {
  const agency = { name: 'X', nameEnglish: 'X', number: '1', trunks: [{ id: 'x-1', host: '192.0.2.9', number: '1' }] };
  expect((await admin('PUT', '/v1/agencies/xyz', agency, { 'if-none-match': '*' })).status).toBe(201);
  const naming = (rule: object): object => ({
    default: to('polisi'),
    rules: [{ id: 'r', name: 'r', then: to('psc'), ...rule }],
  });
  for (const rule of [
    { then: to('xyz') },
    { then: [{ agencyId: 'psc', fallbacks: ['xyz'] }] },
    { when: { agencyStates: [{ agencyId: 'xyz', state: 'closed' }] } },
    { when: { trunkStates: [{ trunkId: 'x-1', state: 'down' }] } },
  ]) {
    expect((await put(naming(rule))).status).toBe(200);
    const answer = await admin('DELETE', '/v1/agencies/xyz');
    expect([answer.status, answer.at('neededBy')]).toEqual([409, ['rule r']]);
  }
  expect((await put({ default: [{ agencyId: 'polisi', fallbacks: ['xyz'] }], rules: [] })).status).toBe(200);
  expect((await admin('DELETE', '/v1/agencies/xyz')).at('neededBy')).toEqual(['rule default']);
  expect((await put(rules)).status).toBe(200);
  expect((await admin('DELETE', '/v1/agencies/xyz')).status).toBe(204);
  const gone = await put(naming({ then: to('xyz'), when: { agencyStates: [{ agencyId: 'xyz', state: 'open' }] } }));
  expect([gone.status, gone.pluck('faults', 'path')]).toEqual([
    422,
    ['rules.0.when.agencyStates.0.agencyId', 'rules.0.then.0.agencyId'],
  ]);
});

test('versions are compared, and who stored and activated them is audited', async () => {
  const first = Number((await put(rules)).at('version'));
  const changed = { ...rules, rules: [...rules.rules.slice(2), { ...rules.rules[0], tell: ['sekda'] }] };
  const second = Number((await put(changed)).at('version'));
  const changes = await admin('GET', `/v1/rules/versions/${second}/changes?from=${first}`);
  expect(changes.body).toMatchObject({ from: first, to: second, default: null, added: [], removed: [{ id: 'night' }] });
  expect(changes.pluck('changed', 'after')).toMatchObject([{ id: 'near', tell: ['sekda'] }]);
  expect(changes.pluck('moved', 'ruleId')).toEqual(['near']);
  // Unless told, from the active one: what going back would change.
  expect((await admin('GET', `/v1/rules/versions/${first}/changes`)).body).toMatchObject({
    from: second,
    added: [{ id: 'night' }],
  });
  expect((await admin('GET', `/v1/rules/versions/999/changes`)).status).toBe(404);

  await admin('POST', `/v1/rules/versions/${first}/activate`, undefined, { 'if-match': `"${second}"` });
  const trail = await admin('GET', `/v1/audit?subject=rules/${first}`);
  expect(trail.pluck('items', 'action')).toEqual(['rules.activate', 'rules.put']);
  expect(trail.at('items.0.detail')).toMatchObject({ from: second, to: first });
});

test('ten thousand rules are stored, reach the other process and decide there; one more is refused', async () => {
  const many = Array.from({ length: 10_000 }, (_, n) => ({
    id: `r${n}`,
    name: `Rule ${n}`,
    when: {
      kinds: [incidentKinds[n % incidentKinds.length]],
      dates: [{ from: `20${26 + (n % 50)}-01-01`, to: `20${26 + (n % 50)}-12-31` }],
      hours: { from: `${String(n % 23).padStart(2, '0')}:00`, to: '23:30' },
      minimumCalls: 1 + (n % 900),
    },
    then: to(['damkar', 'psc', 'polisi'][n % 3] ?? 'psc'),
  }));
  const began = process.cpuUsage();
  const answer = await put({ default: to('bpbd'), rules: many });
  // Many add nothing to an earlier one: all of them are counted, the first two hundred listed.
  expect([answer.status, answer.code]).toEqual([422, 'rules.invalid']);
  expect(Number(answer.at('total'))).toBeGreaterThan(200);
  expect(answer.at('faults')).toHaveLength(200);
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(2_000);

  const fit = many.map((rule, n) => ({ ...rule, when: { kinds: ['fire'], dates: [{ from: day(n), to: day(n) }] } }));
  const stored = await put({ default: to('bpbd'), rules: fit });
  expect([stored.status, stored.code]).toEqual([200, undefined]);
  await until('the other process uses it', () => other.routing.current().version === stored.at('version'));
  const at = `${day(7)}T12:00:00+08:00`;
  const { body } = await ask(other, tokens.admin, 'POST', '/v1/rules/evaluate', {
    body: { facts: { kind: 'fire', at } },
  });
  const { decision } = z.object({ decision: decisionSchema }).parse(body);
  expect(decision.actions).toMatchObject([{ agencyId: 'psc', ruleId: 'r7' }]);

  const more = [...fit, { ...fit[0], id: 'one-more' }];
  expect((await put({ default: to('bpbd'), rules: more })).status).toBe(400);
});

function day(n: number): string {
  return new Date(Date.UTC(2030, 0, 1 + n)).toISOString().slice(0, 10);
}
