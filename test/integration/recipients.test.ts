import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RecipientsRoom } from '../../src/notifications/recipients.ts';
import type { Role } from '../../src/platform/auth.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, stateFolder, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let room: RecipientsRoom;
let rooms: Rooms;
let tokens: Record<Role, string>;
let stateDir: string;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  stateDir = await stateFolder();
  rooms = await startRooms(database.url, { city: 'kendari', stateDir });
  room = rooms.recipients;
}, 60_000);
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

const body = {
  name: 'Piket Damkar',
  agencyId: 'damkar',
  channels: [
    { type: 'webhook', url: 'https://pesan.example/damkar' },
    { type: 'voice', number: '081234567890' },
  ],
};
const path = '/v1/recipients/piket-damkar';
const put = (headers: Record<string, string>, over: object = {}) =>
  ask(rooms, tokens.admin, 'PUT', path, { body: { ...body, ...over }, headers });

test('the leaders of the city are there at the first start, with addresses that nothing is sent to', async () => {
  const listed = await ask(rooms, tokens.supervisor, 'GET', '/v1/recipients');
  const leaders = room.current().leaders();
  expect(leaders.map(({ id }) => id)).toEqual(['sekda', 'wakil-wali-kota', 'wali-kota']);
  expect(listed.pluck('items', 'id')).toEqual(
    expect.arrayContaining(['sekda', 'wakil-wali-kota', 'wali-kota', 'piket-pln']),
  );
  expect(listed.text).not.toContain('siaga_wh_');
  const addresses = [...listed.text.matchAll(/"address":"([^"]+)"/g)].map(([, address]) => address);
  expect(addresses).not.toEqual([]);
  for (const address of addresses) expect(address).toMatch(/\.invalid$/);
});

test('a recipient is made once, its secret shown once, changed by version, and kept from who need not know', async () => {
  expect((await put({})).status).toBe(428);
  const made = await put({ 'if-none-match': '*' });
  expect([made.status, made.at('version'), made.at('language')]).toEqual([201, 1, 'id']);
  const secret = z.string().parse(made.at('webhookSecret'));
  expect(room.secretOf('piket-damkar')).toBe(secret);
  expect((await put({ 'if-none-match': '*' })).status).toBe(412);

  const got = await ask(rooms, tokens.admin, 'GET', path);
  expect([got.headers.get('etag'), got.text.includes(secret)]).toEqual(['"1"', false]);
  for (const role of ['operator', 'auditor', 'gateway'] as const) {
    expect((await ask(rooms, tokens[role], 'GET', path)).status).toBe(403);
  }
  const changed = await put({ 'if-match': '"1"' }, { language: 'en' });
  expect([changed.status, changed.at('language'), changed.at('webhookSecret')]).toEqual([200, 'en', undefined]);
  expect((await put({ 'if-match': '"1"' })).status).toBe(412);
  expect(room.secretOf('piket-damkar')).toBe(secret);

  const renewed = await ask(rooms, tokens.admin, 'POST', `${path}/secret`);
  expect(renewed.at('webhookSecret')).not.toBe(secret);
  expect(room.secretOf('piket-damkar')).toBe(renewed.at('webhookSecret'));
  const audit = await rooms.postgres.rows(
    z.object({ action: z.string(), detail: z.record(z.string(), z.unknown()) }),
    `select action, detail from audit where subject = 'recipient/piket-damkar' order by id`,
  );
  expect(audit.map(({ action }) => action)).toEqual(['recipients.put', 'recipients.put', 'recipients.secret']);
  expect(JSON.stringify(audit)).not.toMatch(/siaga_wh_|081234567890|pesan\.example/);
});

test('what cannot be is refused', async () => {
  const unknownAgency = await put({ 'if-none-match': '*' }, { agencyId: 'nowhere' });
  expect([unknownAgency.status, unknownAgency.code]).toEqual([422, 'agencies.unknown']);
  const sixChannels = Array.from({ length: 6 }, () => body.channels[0]);
  expect((await put({ 'if-none-match': '*' }, { channels: sixChannels })).status).toBe(400);
  expect((await ask(rooms, tokens.operator, 'PUT', path, { body })).status).toBe(403);
  expect((await ask(rooms, tokens.admin, 'GET', '/v1/recipients/nobody')).code).toBe('recipients.unknown');
  expect((await ask(rooms, tokens.admin, 'POST', '/v1/recipients/nobody/secret')).status).toBe(404);
});

test('whom the active rules tell cannot be deleted, anybody else can', async () => {
  const refused = await ask(rooms, tokens.admin, 'DELETE', '/v1/recipients/sekda');
  expect([refused.status, refused.code]).toEqual([409, 'recipients.in-use']);
  expect(refused.at('neededBy')).toContain('rule brawl');
  expect((await ask(rooms, tokens.admin, 'DELETE', path)).status).toBe(204);
  expect(room.current().find('piket-damkar')).toBeUndefined();
  expect((await ask(rooms, tokens.admin, 'DELETE', path)).status).toBe(404);
});

test('another process hears of it, and one without PostgreSQL has the copy on disk, readable by us alone', async () => {
  const file = join(stateDir, 'recipients.json');
  await until('the copy is written', async () => (await readFile(file, 'utf8')).includes('wakil-wali-kota'));
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  await rooms.postgres.execute(`update recipients set name = 'Wakil' where id = 'wakil-wali-kota'`);
  await rooms.postgres.execute(`select pg_notify('siaga_recipients', 'wakil-wali-kota')`);
  await until('it is heard of', () => room.current().find('wakil-wali-kota')?.name === 'Wakil');
});
