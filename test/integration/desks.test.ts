import { z } from 'zod';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startPeople, type PeopleRoom } from '../support/people-room.ts';
import { ask, type Answer } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let room: PeopleRoom;
let admin: string;

beforeAll(async () => {
  database = await createDatabase();
  ({ admin } = await makeTokens(database.url));
  room = await startPeople(database.url);
});
afterAll(async () => {
  await room.stop();
  await database.drop();
});

const made = z.object({ id: z.string(), account: z.string() });
const send = (method: string, path: string, body?: unknown): Promise<Answer> =>
  ask(room, admin, method, path, body === undefined ? {} : { body });

test('a desk is set up for what Asterisk can do, and for no key that travels in clear; a phone that does otherwise is told', async () => {
  expect((await send('POST', '/v1/desks', { name: 'Meja', media: 'srtp' })).code).toBe('desks.key-in-clear');
  const plain = made.parse((await send('POST', '/v1/desks', { name: 'Meja', transport: 'tcp' })).body);
  const path = `/v1/desks/${plain.id}`;
  const refused = await send('PATCH', path, { media: 'srtp' });
  expect(refused).toMatchObject({ status: 422, code: 'desks.key-in-clear' });
  room.asterisk.hasTls = false;
  await room.acd.pushAll();
  for (const answer of [
    await send('POST', '/v1/desks', { name: 'Meja', transport: 'tls' }),
    await send('PATCH', path, { transport: 'tls' }),
  ]) {
    expect(answer).toMatchObject({ status: 422, code: 'desks.no-tls' });
    expect(answer.text).toContain('ASTERISK_TLS_CERTIFICATE');
  }
  room.asterisk.hasTls = true;
  await room.acd.pushAll();
  expect((await send('PATCH', path, { transport: 'tls', media: 'srtp' })).status).toBe(200);
  const phone = async (): Promise<unknown> => {
    const { items } = z
      .object({ items: z.array(z.looseObject({ id: z.string() })) })
      .parse((await send('GET', '/v1/desks')).body);
    return items.find(({ id }) => id === plain.id)?.['phone'];
  };
  expect(await phone()).toBeNull();
  room.acd.contact({ endpoint: plain.account, present: true, transport: 'udp' });
  expect(await phone()).toEqual({ over: 'udp', inClear: true });
  expect(room.alarms).toEqual([{ code: 'desk-in-clear', deskId: plain.id, transport: 'udp' }]);
  room.acd.contact({ endpoint: plain.account, present: true, transport: 'tls' });
  expect(await phone()).toEqual({ over: 'tls', inClear: false });
  expect((await send('PATCH', path, { media: 'srtp', transport: 'udp' })).code).toBe('desks.key-in-clear');
  expect((await send('PATCH', path, { name: 'Meja 9' })).status).toBe(200);
});
