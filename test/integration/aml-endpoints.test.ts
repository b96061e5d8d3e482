import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import { printElsForm } from '../../src/location/aml/aml-https.ts';
import { roles, type Role } from '../../src/platform/auth.ts';
import { amlKey, amlText, els, elsFields, packed7, postForm, signed } from '../support/aml-sender.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let tokens: Record<Role, string>;
let rooms: ControllerRooms;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startController(database.url, { amlKey });
}, 60_000);
afterAll(async () => {
  await rooms.stop();
  await database.drop();
}, 60_000);
beforeEach(async () => {
  await rooms.settled();
  await rooms.database.execute('truncate aml_messages');
});

const kept = async (): Promise<{ e164: string | null; imei: string | null; content: Record<string, unknown> }[]> => {
  await rooms.settled();
  return rooms.database.rows(
    z.object({ e164: z.string().nullable(), imei: z.string().nullable(), content: z.record(z.string(), z.unknown()) }),
    'select e164, imei, content from aml_messages order by received_at',
  );
};
const form = (over: Record<string, string> = {}): string => printElsForm(elsFields(over), amlKey);

describe('Emergency Location Service', () => {
  test('a form with the right HMAC is kept', async () => {
    expect(await els(rooms.base)).toBe(200);
    expect(await kept()).toMatchObject([
      { e164: '+6281234567890', content: { sighting: { shape: { type: 'circle', radius: 12.5 } }, unusable: [] } },
    ]);
  });

  test.each([
    ['of another key', printElsForm(elsFields(), 'another-key')],
    ['of another message', form().replace('12.5', '12.6')],
    ['in capitals', form().replace(/hmac=.*/, (hmac) => `hmac=${hmac.slice(5).toUpperCase()}`)],
    ['that is missing', new URLSearchParams(elsFields()).toString()],
    ['that is empty', `${new URLSearchParams(elsFields()).toString()}&hmac=`],
    ['that is not the last field', `${form()}&location_latitude=0.1`],
    ['of nothing at all', ''],
  ])('an HMAC %s is refused, and nothing is kept', async (_what, body) => {
    const answer = await postForm(rooms.base, body);
    expect([answer.status, answer.code]).toEqual([401, 'aml.wrong-hmac']);
    expect(await kept()).toEqual([]);
  });

  test('a token instead of the HMAC does not help', async () => {
    const body = new URLSearchParams(elsFields()).toString();
    expect((await postForm(rooms.base, body, { authorization: `Bearer ${tokens.admin}` })).status).toBe(401);
  });

  test.each([
    ['no form', 'rubbish'],
    ['bytes', '\0\u0001%00%ff%zz;;;==&&&'],
    ['no position', new URLSearchParams({ device_number: '+6281234567890' }).toString()],
    ['0,0', new URLSearchParams(elsFields({ location_latitude: '0', location_longitude: '0' })).toString()],
    ['nowhere on earth', new URLSearchParams(elsFields({ location_latitude: '91' })).toString()],
    ['no number', new URLSearchParams(elsFields({ device_number: 'x'.repeat(5_000) })).toString()],
    ['NUL', new URLSearchParams(elsFields({ device_model: 'a\0b\\u0000', location_floor: '\\u0000' })).toString()],
  ])('rubbish with the right HMAC is answered 200 and kept: %s', async (_what, body) => {
    expect((await postForm(rooms.base, signed(body))).status).toBe(200);
    expect(await kept()).toHaveLength(1);
  });

  test('any media type will do, and a compressed body as well', async () => {
    const body = form({ location_accuracy: '12' });
    expect((await postForm(rooms.base, body, { 'content-type': 'application/json' })).status).toBe(200);
    const small = gzipSync(form({ location_accuracy: '13' }));
    expect((await postForm(rooms.base, small, { 'content-encoding': 'gzip' })).status).toBe(200);
    expect(await kept()).toHaveLength(2);
  });

  test('sent again, and yet again: one message', async () => {
    const body = form({ location_accuracy: '14' });
    for (let n = 0; n < 3; n += 1) expect((await postForm(rooms.base, body)).status).toBe(200);
    expect(await kept()).toHaveLength(1);
  });

  test('16 KB are taken, and more are not, also when they are small on the way', async () => {
    expect((await postForm(rooms.base, signed(`x=${'y'.repeat(16_000)}`))).status).toBe(200);
    for (const [body, headers] of [
      [signed(`x=${'y'.repeat(17 * 1_024)}`), {}],
      [gzipSync(signed(`x=${'y'.repeat(5_000_000)}`)), { 'content-encoding': 'gzip' }],
    ] as const) {
      const answer = await postForm(rooms.base, body, headers);
      expect([answer.status, answer.code]).toEqual([413, 'request.too-large']);
      expect(answer.text).not.toContain('256 KB');
    }
    expect(await kept()).toHaveLength(1);
  });

  test('without a key the endpoint is closed', async () => {
    const closed = await startController(database.url);
    try {
      for (const body of [form(), '', signed('x=1', '')]) {
        const answer = await postForm(closed.base, body);
        expect([answer.status, answer.code]).toEqual([503, 'aml.no-key']);
      }
    } finally {
      await closed.stop();
    }
    expect(await kept()).toEqual([]);
  });
});

describe('the limit of requests for strangers', () => {
  let own: ControllerRooms;
  beforeAll(async () => {
    own = await startController(database.url, { amlKey });
  });
  afterAll(() => own.stop());

  test('a server that speaks for many phones is not slowed down, and nobody else is let off', async () => {
    for (let n = 0; n < 70; n += 1) expect(await els(own.base, { time: String(1_600_000_000_000 + n) })).toBe(200);
    const statuses = [];
    for (let n = 0; n < 70; n += 1) statuses.push((await ask(own, undefined, 'GET', '/v1/calls')).status);
    expect(statuses.filter((status) => status === 401)).toHaveLength(60);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    // What is limited elsewhere does not close the endpoint.
    expect(await els(own.base, { time: '1600000000999' })).toBe(200);
  });
});

describe('an SMS gateway', () => {
  const send = (body: object, who: Role = 'gateway') =>
    ask(rooms, tokens[who], 'POST', '/v1/locations/aml/sms', { body });
  const message = amlText();
  const bytes = Buffer.from(message);
  const ways: [string, (text: string) => object][] = [
    ['a text', (text) => ({ text })],
    ['a text that a gateway has been at', (text) => ({ text: `Pesan: ${text.replace('"', '”')}\r\n` })],
    ['a data SMS in hex', (text) => ({ data: Buffer.from(text).toString('hex') })],
    [
      'in hex with blanks, in capitals',
      (text) => ({ data: Buffer.from(text).toString('hex').toUpperCase().replace(/(..)/g, '$1 ') }),
    ],
    ['in base64', (text) => ({ data: Buffer.from(text).toString('base64') })],
    ['in base64 for URLs', (text) => ({ data: Buffer.from(text).toString('base64url') })],
    ['in the 7-bit alphabet', (text) => ({ data: packed7(text).toString('hex') })],
    ['with the header of a port', (text) => ({ data: `06050400000BAD${Buffer.from(text).toString('hex')}` })],
    ['in UCS-2', (text) => ({ data: Buffer.from(text, 'utf16le').swap16().toString('base64') })],
  ];

  test.each(ways.map(([name, body], n): [string, object] => [name, body(amlText({ lc: String(n + 1) }))]))(
    '%s is read',
    async (_what, body) => {
      const answer = await send({ from: '081234567890', ...body });
      expect([answer.status, answer.body]).toEqual([202, { understood: true }]);
      expect(await kept()).toMatchObject([
        {
          e164: '+6281234567890',
          imei: '358240059447631',
          content: { sighting: { method: 'GPS', shape: { type: 'circle', centre: { latitude: 0.5333 } } } },
        },
      ]);
    },
  );

  test.each([
    ['people talk', { text: 'Tolong, ada kebakaran di Senapelan!' }],
    ['bytes', { data: 'deadbeef' }],
    ['nothing', { text: '' }],
    ['no bytes', { data: '' }],
    ['4,000 characters', { data: 'A'.repeat(4_000) }],
  ])('what is no such message is not understood: %s', async (_what, body) => {
    const answer = await send({ from: '+6281', ...body });
    expect([answer.status, answer.body]).toEqual([202, { understood: false }]);
    expect(await kept()).toEqual([]);
  });

  test.each([
    ['neither', {}],
    ['both', { text: message, data: bytes.toString('hex') }],
    ['data of no kind', { data: '"' }],
    ['more than there is', { text: message, latitude: 1 }],
  ])('a body with %s is refused', async (_what, body) => {
    expect((await send(body)).status).toBe(400);
  });

  test('phones say so when they know nothing, and neither 0,0 nor halves become a location', async () => {
    for (const over of [
      { lt: '+00.00000', lg: '+000.00000', rd: 'N', lc: '0', pm: 'N' },
      { lt: '+00.00000', lg: '+000.00000', pm: 'G' },
      { lt: '', rd: '15' },
      { lt: '+91.0', rd: '16' },
    ]) {
      expect((await send({ from: '+6281234567890', text: amlText(over) })).at('understood')).toBe(true);
    }
    const all = await kept();
    expect(all.map(({ content }) => content['sighting'])).toEqual([null, null, null, null]);
    for (const { content } of all) expect(content['unusable']).not.toEqual([]);
  });

  test('a message that names nobody is kept all the same', async () => {
    expect((await send({ text: amlText({ ei: '' }) })).at('understood')).toBe(true);
    expect(await kept()).toMatchObject([{ e164: null, imei: null }]);
  });

  test('may hand messages in, and next to nothing else', async () => {
    const allowed: string[] = [];
    for (const { method, path, roles: who } of rooms.routes) {
      if (who === 'public') continue;
      const url = path.replaceAll(/:[A-Za-z]+/g, '00000000-0000-7000-8000-000000000000');
      const { status } = await ask(rooms, tokens.gateway, method, url, method === 'GET' ? {} : { body: {} });
      if (status !== 403) allowed.push(`${method} ${path} ${status}`);
    }
    // It may also ask whom its own token speaks for.
    expect(allowed.sort()).toEqual(['GET /v1/tokens/current 200', 'POST /v1/locations/aml/sms 400']);
    expect((await ask(rooms, tokens.gateway, 'GET', '/metrics')).status).toBe(403);
    expect((await ask(rooms, tokens.auditor, 'GET', '/metrics')).status).toBe(200);
    expect(rooms.routes.length).toBeGreaterThan(35);
  });

  test('nobody but a gateway and an admin hands messages in', async () => {
    for (const role of roles) {
      const answer = await send({ text: 'x' }, role);
      expect([role, answer.status]).toEqual([role, role === 'admin' ? 202 : 403]);
    }
    const body = { text: message };
    expect((await ask(rooms, undefined, 'POST', '/v1/locations/aml/sms', { body })).status).toBe(401);
  });
});

describe('the list of messages', () => {
  test('is for supervisors and admins, the newest first, by whether they fit a call', async () => {
    for (const n of ['1', '2', '3'])
      await els(rooms.base, { location_accuracy: n, device_number: `+628110000000${n}` });
    await els(rooms.base, { location_latitude: '0', location_longitude: '0', device_number: '+6281100000004' });
    await rooms.settled();
    const call = rooms.arrive({ number: '081100000002' });
    await rooms.settled();
    for (const role of ['supervisor', 'admin'] as const) {
      const all = await ask(rooms, tokens[role], 'GET', '/v1/locations/aml');
      expect(all.pluck('items', 'e164')).toEqual([4, 3, 2, 1].map((n) => `+628110000000${n}`));
      expect(all.pluck('items', 'located')).toEqual([false, true, true, true]);
      expect(all.at('items.0.unusable')).toHaveLength(1);
    }
    const list = (query: string) => ask(rooms, tokens.admin, 'GET', `/v1/locations/aml?${query}`);
    expect((await list('matched=true')).pluck('items', 'callId')).toEqual([call.id]);
    expect((await list('matched=false')).pluck('items', 'e164')).toEqual([4, 3, 1].map((n) => `+628110000000${n}`));
    expect((await list('limit=1')).pluck('items', 'e164')).toEqual(['+6281100000004']);
    for (const role of ['operator', 'auditor', 'gateway'] as const) {
      expect((await ask(rooms, tokens[role], 'GET', '/v1/locations/aml')).status).toBe(403);
    }
    expect((await ask(rooms, undefined, 'GET', '/v1/locations/aml')).status).toBe(401);
  });
});

describe('towers', () => {
  const tower = '/v1/cells/LTE/510/10/4660/11259361';
  const sow = async (city: string): Promise<void> => {
    const other = await startController(database.url, { city });
    // It does not stop in the middle of it.
    await other.stop();
  };
  const count = async (): Promise<number> =>
    (await rooms.database.first(z.object({ n: z.number() }), 'select count(*)::int as n from cells'))?.n ?? -1;
  beforeEach(() => rooms.database.execute('truncate cells'));

  test('made-up ones are stored when there are none, and only then', async () => {
    const answer = () => ask(rooms, tokens.operator, 'GET', tower);
    expect((await answer()).code).toBe('cells.unknown');
    await sow('pekanbaru');
    const stored = await count();
    expect(stored).toBeGreaterThan(3);
    expect((await answer()).body).toMatchObject({ range: 900, madeUp: true });
    await sow('kendari');
    expect(await count()).toBe(stored);
    const real = `insert into cells (radio, mcc, mnc, area, cell, latitude, longitude, samples, made_up)
      values ('GSM', 510, 10, 1, 2, 0.5, 101.4, 1, false)`;
    await rooms.database.execute('truncate cells');
    await rooms.database.execute(real);
    await sow('pekanbaru');
    expect(await count()).toBe(1);
    expect((await ask(rooms, tokens.admin, 'GET', '/v1/cells/GSM/510/10/1/2')).body).toMatchObject({
      position: { latitude: 0.5, longitude: 101.4 },
      range: 5_000,
      madeUp: false,
    });
  });

  test('are asked for by operators, with numbers that can be', async () => {
    for (const role of ['auditor', 'gateway'] as const) {
      expect((await ask(rooms, tokens[role], 'GET', tower)).status).toBe(403);
    }
    for (const path of ['CDMA/510/10/1/2', 'LTE/1000/10/1/2', 'LTE/510/10/16777216/2', 'NR/510/10/1/68719476736']) {
      expect((await ask(rooms, tokens.admin, 'GET', `/v1/cells/${path}`)).status).toBe(400);
    }
    // The largest that there are fit into the table's columns.
    for (const path of ['NR/999/999/16777215/68719476735', 'LTE/510/10/0/0']) {
      expect((await ask(rooms, tokens.admin, 'GET', `/v1/cells/${path}`)).code).toBe('cells.unknown');
    }
  });
});
