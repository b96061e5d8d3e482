import { z } from 'zod';
import { agencyBody, type AgencyBody } from '../../src/agencies/agency.ts';
import type { Role } from '../../src/platform/auth.ts';
import { ruleSetContent } from '../../src/routing/rule.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until, type Answer } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let rooms: Rooms;
let other: Rooms;
let tokens: Record<Role, string>;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  [rooms, other] = await Promise.all([startRooms(database.url), startRooms(database.url)]);
});
afterAll(async () => {
  await Promise.all([rooms.stop(), other.stop()]);
  await database.drop();
});

const admin = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
  ask(rooms, tokens.admin, method, path, { body, headers });
const activeTag = async (): Promise<string> => (await admin('GET', '/v1/rules')).headers.get('etag') ?? '';
const fresh = { 'if-none-match': '*' };
const bodyOf = (answer: Answer): AgencyBody => z.object(agencyBody.shape).parse(answer.body);
const body = {
  name: 'Penjaga Pantai',
  nameEnglish: 'Coast guard',
  number: '2200',
  acceptance: 'answer',
  trunks: [{ id: 'pantai-1', host: '192.0.2.200', port: 5070, transport: 'tcp', number: '2200' }],
};

test('hours, alternates, districts, clocks, contacts and a trunk for drills are kept as they were sent', async () => {
  const drill = { id: 'latihan', type: 'sip', host: '192.0.2.9', port: 5060, transport: 'udp', number: '900' };
  const full = {
    ...body,
    hours: [{ weekdays: [1, 7], from: '22:00', to: '06:00' }],
    alternates: ['bpbd', 'damkar'],
    districts: ['Sukajadi'],
    sop: { acceptSeconds: 30, departSeconds: null, arriveSeconds: 420 },
    contacts: ['sekda', 'wali-kota'],
    drillTrunk: drill,
    trunks: [
      { id: 'full-1', type: 'sip', host: '192.0.2.200', port: 5070, transport: 'tcp', number: '2200' },
      { id: 'full-2', type: 'carrier', number: '0761112' },
      { id: 'full-3', type: 'desk', name: 'Meja piket' },
    ],
  };
  expect((await admin('PUT', '/v1/agencies/full', full, fresh)).status).toBe(201);
  expect((await admin('GET', '/v1/agencies/full')).body).toEqual({ ...full, id: 'full', version: 1 });
  await until('the other process knows', () => other.agencies.current().find('full') !== undefined, 2_000);
  expect(other.agencies.current().find('full')).toEqual({ ...full, id: 'full', version: 1 });
});

test('one that names what does not exist is refused, each fault with its place', async () => {
  const wrong = { ...body, trunks: [], alternates: ['nobody', 'lost'], districts: ['Atlantis'], contacts: ['ghost'] };
  const answer = await admin('PUT', '/v1/agencies/lost', wrong, fresh);
  expect([answer.status, answer.code]).toEqual([422, 'agencies.invalid']);
  const places = ['body.alternates.0', 'body.alternates.1', 'body.districts.0', 'body.contacts.0'];
  expect(answer.pluck('faults', 'path')).toEqual(places);
  expect((await admin('GET', '/v1/agencies/lost')).status).toBe(404);
});

test('the last trunk of one with which the rules speak stays; of several, one may go', async () => {
  const found = await admin('GET', '/v1/agencies/polisi');
  const polisi = bodyOf(found);
  const tag = found.headers.get('etag') ?? '';
  const without = await admin('PUT', '/v1/agencies/polisi', { ...polisi, trunks: [] }, { 'if-match': tag });
  expect([without.status, without.code]).toEqual([409, 'agencies.in-use']);
  expect(without.at('neededBy')).toEqual(expect.arrayContaining(['rule crime', 'rule default']));
  expect(polisi.trunks).toHaveLength(2);
  const one = { ...polisi, trunks: polisi.trunks.slice(1) };
  expect((await admin('PUT', '/v1/agencies/polisi', one, { 'if-match': tag })).status).toBe(200);
  expect((await admin('PUT', '/v1/agencies/polisi', polisi, { 'if-match': '"2"' })).status).toBe(200);
});

test('a trunk for whose state the rules ask stays', async () => {
  const [tag, rules] = [await activeTag(), await admin('GET', '/v1/rules')];
  const content = ruleSetContent.parse({ default: rules.at('default'), rules: rules.at('rules') });
  const asking = {
    id: 'asking',
    name: 'Jika jalur putus',
    when: { kinds: ['fire'], trunkStates: [{ trunkId: 'damkar-1', state: 'down' }] },
    then: [{ agencyId: 'bpbd' }],
  };
  const put = await admin('PUT', '/v1/rules', { ...content, rules: [asking, ...content.rules] }, { 'if-match': tag });
  expect(put.status).toBe(200);
  const damkar = bodyOf(await admin('GET', '/v1/agencies/damkar'));
  const less = { ...damkar, trunks: damkar.trunks.slice(1) };
  const refused = await admin('PUT', '/v1/agencies/damkar', less, { 'if-match': '"1"' });
  expect([refused.status, refused.at('neededBy')]).toEqual([409, ['rule asking']]);
  const back = await admin('POST', '/v1/rules/versions/1/activate', undefined, { 'if-match': await activeTag() });
  expect(back.status).toBe(200);
});

test('one that another agency asks instead is not deleted', async () => {
  const alone = { ...body, trunks: [] };
  expect((await admin('PUT', '/v1/agencies/second', alone, fresh)).status).toBe(201);
  const first = { ...alone, alternates: ['second'] };
  expect((await admin('PUT', '/v1/agencies/first', first, fresh)).status).toBe(201);
  const refused = await admin('DELETE', '/v1/agencies/second');
  expect([refused.status, refused.at('neededBy')]).toEqual([409, ['agency/first']]);
  expect((await admin('DELETE', '/v1/agencies/first')).status).toBe(204);
  expect((await admin('DELETE', '/v1/agencies/second')).status).toBe(204);
});

test('a recipient that an agency names as its contact is not deleted', async () => {
  const fax = { name: 'Faks', channels: [] };
  expect((await admin('PUT', '/v1/recipients/faks', fax, fresh)).status).toBe(201);
  const named = { ...body, trunks: [], contacts: ['faks'] };
  expect((await admin('PUT', '/v1/agencies/telling', named, fresh)).status).toBe(201);
  const refused = await admin('DELETE', '/v1/recipients/faks');
  expect([refused.status, refused.at('neededBy')]).toEqual([409, ['agency/telling']]);
  expect((await admin('DELETE', '/v1/agencies/telling')).status).toBe(204);
  expect((await admin('DELETE', '/v1/recipients/faks')).status).toBe(204);
});
