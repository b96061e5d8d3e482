import { jest } from '@jest/globals';
import { z } from 'zod';
import { createToken } from '../../src/access/token-command.ts';
import { printPidfLo } from '../../src/location/pidf-lo/pidf-lo-print.ts';
import { locationView } from '../../src/location/view.ts';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';

jest.setTimeout(120_000);

const operatorId = newId(systemClock.now());
let database: TestDatabase;
let proxy: TcpProxy;
let rooms: ControllerRooms;
let tokens: Record<Role | 'on', string>;

beforeAll(async () => {
  database = await createDatabase();
  const on = await createToken(database.url, { role: 'operator', name: 'on the call', operatorId });
  tokens = { ...(await makeTokens(database.url)), on: on.token };
  proxy = await tcpProxy(database.url);
  rooms = await startController(proxy.url(database.url), { city: 'pekanbaru' });
});
afterAll(async () => {
  await rooms.stop();
  await proxy.close();
  await database.drop();
});

const say = (callId: string, body: unknown, who: Role | 'on' = 'operator') =>
  ask(rooms, tokens[who], 'POST', `/v1/calls/${callId}/locations`, { body });
const locationOf = async (callId: string) =>
  locationView.parse((await ask(rooms, tokens.admin, 'GET', `/v1/calls/${callId}`)).at('location'));
const told = (callId: string, type: string) =>
  rooms.events.filter((event) => event.callId === callId && event.type === type);

/** A call with which somebody talks, or one that nobody has in memory any more. */
async function callThat(is: string, kind?: string): Promise<string> {
  const { id, incident } = rooms.arrive({ number: '+6281211112222' });
  await rooms.talk(id, operatorId);
  await until('his screen has popped', () => told(id, 'screen.pop').length === 1, 60_000);
  if (kind !== undefined) {
    const patch = { body: { kind }, headers: { 'if-match': '*' } };
    expect((await ask(rooms, tokens.admin, 'PATCH', `/v1/incidents/${incident.id}`, patch)).status).toBe(200);
  }
  if (is === 'live') return id;
  rooms.hangUp(id);
  if (is === 'stored') await rooms.gone(id);
  return id;
}

const circle = {
  method: 'GPS',
  shape: { type: 'circle', centre: { latitude: 0.5333, longitude: 101.4478 }, radius: 30 },
  civic: null,
  confidence: 95,
  at: null,
} as const;
const pidfLo = printPidfLo(circle, { entity: 'pres:citizen@example' });

describe.each(['live', 'ended', 'stored'])('a call that is %s', (is) => {
  let id: string;
  beforeAll(async () => {
    id = await callThat(is);
  });

  test('takes a point, an address, a district and a PIDF-LO, and keeps them all', async () => {
    const before = rooms.events.length;
    const point = { type: 'point', latitude: 0.51, longitude: 101.45, note: 'by the mosque' };
    const first = await say(id, point, 'on');
    expect([first.status, first.at('best.source'), first.at('best.radius')]).toEqual([201, 'operator', 50]);
    expect(first.at('fixes.0')).toMatchObject({
      shape: { type: 'circle', centre: { latitude: 0.51, longitude: 101.45 }, radius: 50 },
      detail: { by: operatorId, note: 'by the mosque' },
    });
    expect(first.at('fixes.0.place.district')).toBe('Sail');
    const address = await say(id, { type: 'address', text: 'Jalan Sudirman 1', district: 'Senapelan' });
    expect([address.status, address.at('best.district'), address.at('best.address')]).toEqual([
      201,
      'Senapelan',
      'Jalan Sudirman 1',
    ]);
    const district = await say(id, { type: 'district', district: 'Sukajadi' }, 'supervisor');
    expect([district.status, district.at('best.district')]).toEqual([201, 'Sukajadi']);
    const document = await say(id, { type: 'pidf-lo', xml: pidfLo }, 'admin');
    expect(document.status).toBe(201);
    // The same document is the same location.
    expect((await say(id, { type: 'pidf-lo', xml: pidfLo })).status).toBe(201);
    const location = await locationOf(id);
    expect(location).toEqual(locationView.parse(document.body));
    expect(location.fixes.map(({ source }) => source)).toEqual(['operator', 'operator', 'operator', 'pidf-lo']);
    // What an operator has set stands before what a network found, however exact that is.
    expect(location.best).toMatchObject({ source: 'operator', position: { latitude: 0.51, longitude: 101.45 } });
    const news = rooms.events.slice(before).map(({ type }) => type);
    const announced = is === 'stored' ? 'location.added-later' : 'screen.updated';
    expect(news.filter((type) => type === announced)).toHaveLength(4);
    await rooms.settled();
    const counted = await rooms.database.first(
      z.object({ n: z.number() }),
      'select count(*)::int as n from location_fixes where call_id = $1',
      [id],
    );
    expect(counted).toEqual({ n: 4 });
  });

  const bomb = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">${Array.from(
    { length: 9 },
    (_one, n) => `<!ENTITY ${'bcdefghij'.charAt(n)} "${`&${'abcdefghi'.charAt(n)};`.repeat(10)}">`,
  ).join('')}]>${pidfLo.replace(/<\?xml[^>]*>/, '').replace('pres:citizen', '&j;')}`;

  test.each([
    ['0,0', { type: 'point', latitude: 0, longitude: 0 }],
    ['a document with an entity bomb', { type: 'pidf-lo', xml: bomb }],
    ['no document', { type: 'pidf-lo', xml: 'Jalan Sudirman 1' }],
    ['a document nowhere on earth', { type: 'pidf-lo', xml: pidfLo.replace('0.5333', '95.1') }],
    ['a document without a location', { type: 'pidf-lo', xml: '<presence xmlns="urn:ietf:params:xml:ns:pidf"/>' }],
  ])('takes no location from %s, and keeps why', async (_what, body) => {
    const before = await locationOf(id);
    const answer = await say(id, body);
    expect([answer.status, answer.code]).toEqual([422, 'locations.unusable']);
    const after = await locationOf(id);
    expect([after.fixes, after.best]).toEqual([before.fixes, before.best]);
    const reasons = z.array(z.string()).parse(answer.at('reasons'));
    expect(after.unusable.map(({ reason }) => reason)).toEqual(expect.arrayContaining(reasons));
    expect(reasons.length).toBeGreaterThan(0);
  });

  test.each<[string, number, unknown]>([
    ['latitude 91', 400, { type: 'point', latitude: 91, longitude: 101 }],
    ['longitude -181', 400, { type: 'point', latitude: 1, longitude: -181 }],
    ['half a point', 400, { type: 'point', latitude: 1 }],
    ['a point of text', 400, { type: 'point', latitude: '0.5', longitude: '101' }],
    ['a negative radius', 400, { type: 'point', latitude: 1, longitude: 101, radius: -1 }],
    ['a radius of the moon', 400, { type: 'point', latitude: 1, longitude: 101, radius: 1e6 }],
    ['an empty address', 400, { type: 'address', text: '  ' }],
    ['an address with NUL', 400, { type: 'address', text: 'a\0b' }],
    ['an address with half a character', 400, { type: 'address', text: 'a\ud800' }],
    ['an unknown district', 422, { type: 'district', district: 'Atlantis' }],
    ['an address in an unknown district', 422, { type: 'address', text: 'x', district: 'Atlantis' }],
    ['no document at all', 400, { type: 'pidf-lo', xml: '' }],
    ['an unknown type', 400, { type: 'what3words', words: 'a.b.c' }],
    ['nothing', 400, {}],
    ['a list', 400, []],
    ['more than is asked', 400, { type: 'district', district: 'Sukajadi', source: 'aml-sms' }],
  ])('refuses %s and changes nothing', async (_what, status, body) => {
    const before = await locationOf(id);
    expect((await say(id, body)).status).toBe(status);
    expect(await locationOf(id)).toEqual(before);
  });

  test('is nothing for those who only read or only send', async () => {
    for (const who of ['auditor', 'gateway'] as const) {
      expect((await say(id, { type: 'district', district: 'Sukajadi' }, who)).code).toBe('access.role');
    }
  });
});

describe.each(['live', 'stored'])('a confidential call that is %s', (is) => {
  let id: string;
  beforeAll(async () => {
    id = await callThat(is, 'domestic-violence');
  });

  test('takes locations from those who may know of it, and tells nobody else a word', async () => {
    const body = { type: 'address', text: 'Jalan Rahasia 7' };
    for (const who of ['on', 'supervisor', 'admin'] as const) expect((await say(id, body, who)).status).toBe(201);
    const before = await locationOf(id);
    const refused = await say(id, { type: 'address', text: 'Where is she?' }, 'operator');
    expect([refused.status, refused.code]).toEqual([403, 'incidents.confidential']);
    expect(refused.text).not.toContain('Rahasia');
    expect((await say(id, { type: 'pidf-lo', xml: '<' }, 'operator')).code).toBe('incidents.confidential');
    expect(await locationOf(id)).toEqual(before);
  });
});

test('there is nothing to add to a call that is not there', async () => {
  for (const body of [
    { type: 'district', district: 'Sukajadi' },
    { type: 'point', latitude: 0, longitude: 0 },
  ]) {
    expect((await say(newId(systemClock.now()), body)).code).toBe('calls.unknown');
  }
  expect((await say('no-uuid', { type: 'district', district: 'Sukajadi' })).status).toBe(400);
});

test('a later fix updates the screen of whoever has the call, with the whole of the call', async () => {
  const id = await callThat('live');
  await say(id, { type: 'point', latitude: 0.51, longitude: 101.45, radius: 10 });
  const [update] = told(id, 'screen.updated').slice(-1);
  expect(update?.detail).toMatchObject({
    operatorId,
    because: 'location',
    call: { id, bestFix: { source: 'operator', radius: 10 }, location: { fixes: [{ source: 'operator' }] } },
  });
  rooms.hangUp(id);
});

test('as many as come are kept; beyond a hundred of one source it is said that more came', async () => {
  const id = await callThat('live');
  for (let n = 0; n < 105; n += 1) {
    await say(id, { type: 'pidf-lo', xml: pidfLo.replace('0.5333', String(0.5 + n / 10_000)) }, 'admin');
  }
  const { fixes, unusable } = await locationOf(id);
  expect(fixes).toHaveLength(100);
  expect(unusable).toMatchObject([{ source: 'pidf-lo', reason: 'more than 100 locations came of this source' }]);
  // Which shuts out nobody else.
  expect((await say(id, { type: 'point', latitude: 0.51, longitude: 101.45 })).at('best.source')).toBe('operator');
  await callEnded(id);
  expect((await locationOf(id)).fixes).toHaveLength(101);
});

async function callEnded(id: string): Promise<void> {
  rooms.hangUp(id);
  await rooms.gone(id);
}

describe('with PostgreSQL away', () => {
  afterEach(() => proxy.restore());

  test('a live call takes a location, and the record has it later; a stored one says why not', async () => {
    const [live, stored] = [await callThat('live'), await callThat('stored')];
    proxy.cut();
    expect((await say(live, { type: 'point', latitude: 0.51, longitude: 101.45 })).status).toBe(201);
    const refused = await say(stored, { type: 'point', latitude: 0.51, longitude: 101.45 });
    expect([refused.status, refused.code]).toEqual([503, 'database.unavailable']);
    proxy.restore();
    await callEnded(live);
    expect((await locationOf(live)).fixes).toHaveLength(1);
    expect((await locationOf(stored)).fixes).toEqual([]);
  });
});

describe('what is looked up as a call arrives', () => {
  const pani = '3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=5101012340ABCDE1;network-provided';
  const towers = async (): Promise<void> =>
    until('there are towers', async () => {
      const counted = await rooms.database.first(z.object({ n: z.number() }), 'select count(*)::int as n from cells');
      return (counted?.n ?? 0) > 0;
    });
  const subscribe = (number: string, position: [number, number] | null): Promise<number> =>
    rooms.database.execute(
      `insert into subscribers (number, name, address, district, latitude, longitude, imported_at)
       values ($1, 'Toko Ibu', 'Jalan Melati 3', 'Sukajadi', $2, $3, now()) on conflict do nothing`,
      [number, position?.[0] ?? null, position?.[1] ?? null],
    );

  test('its tower and its subscriber, each once, while PostgreSQL is there and when it has come back', async () => {
    await towers();
    await subscribe('+6276112345', [0.52, 101.44]);
    const variables = { SIAGA_PANI: `${pani}, ${pani}` };
    const here = rooms.arrive({ number: '076112345', variables });
    const found = (id: string) =>
      until('both are found', () => rooms.call(id).location.fixes.length === 3, 60_000).then(() =>
        rooms
          .call(id)
          .location.fixes.map(({ source }) => source)
          .sort(),
      );
    expect(await found(here.id)).toEqual(['area-code', 'cell', 'subscriber']);
    expect(rooms.call(here.id).location.best).toMatchObject({ source: 'subscriber', address: 'Jalan Melati 3' });
    proxy.cut();
    const away = rooms.arrive({ number: '076112345', variables });
    await until('the first look is over', () => rooms.call(away.id).looked, 60_000);
    expect(rooms.call(away.id).location.fixes.map(({ source }) => source)).toEqual(['area-code']);
    expect(rooms.call(away.id).stage).toBe('waiting');
    proxy.restore();
    expect(await found(away.id)).toEqual(['area-code', 'cell', 'subscriber']);
  });

  test('a tower in no table is said, and invents no location', async () => {
    const variables = { SIAGA_PANI: pani.replace('ABCDE1', 'ABCDE2') };
    const { id } = rooms.arrive({ variables });
    await until('it is said', () => rooms.call(id).location.unusable.length > 0, 60_000);
    expect(rooms.call(id).location).toMatchObject({ fixes: [], best: null });
    expect(rooms.call(id).location.unusable[0]?.reason).toContain('is in no table');
  });

  test('a subscriber without a position gives an address and a district', async () => {
    await subscribe('+6276154321', null);
    const { id } = rooms.arrive({ number: '076154321' });
    await until('he is found', () => rooms.call(id).location.fixes.length === 2, 60_000);
    expect(rooms.call(id).location.best).toMatchObject({
      source: 'subscriber',
      position: null,
      address: 'Jalan Melati 3',
      district: 'Sukajadi',
    });
  });
});
