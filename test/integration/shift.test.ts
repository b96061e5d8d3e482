import { z } from 'zod';
import type { Role } from '../../src/platform/auth.ts';
import { newId } from '../../src/platform/ids.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startPeople, type PeopleRoom } from '../support/people-room.ts';
import { ask, until } from '../support/rest.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let proxy: TcpProxy;
let room: PeopleRoom;
let tokens: Record<Role, string>;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  proxy = await tcpProxy(database.url);
  room = await startPeople(proxy.url(database.url));
});
afterAll(async () => {
  proxy.restore();
  await room.stop();
  await proxy.close();
  await database.drop();
});

async function make(path: string, body: object): Promise<{ id: string }> {
  const answer = await ask(room, tokens.admin, 'POST', path, { body });
  expect(answer.status).toBe(201);
  return { id: z.string().parse(answer.at('id')) };
}
const hire = (extension: string) => make('/v1/operators', { name: 'Budi', extension, desk: false });

test('a shift begins and ends while PostgreSQL is away; what was done is audited when it is back, and nothing else', async () => {
  const [first, second] = [await make('/v1/desks', { name: 'Meja' }), await make('/v1/desks', { name: 'Meja' })];
  const [comes, late] = [await hire('201'), await hire('202')];
  const act = (method: string, path: string, body?: object) =>
    ask(room, tokens.supervisor, method, `/v1/operators/${path}`, body === undefined ? {} : { body });
  proxy.cut();
  expect((await act('POST', `${comes.id}/session`, { deskId: first.id })).status).toBe(200);
  expect((await act('POST', `${late.id}/session`, { deskId: first.id })).code).toBe('operators.desk-taken');
  expect((await act('POST', `${late.id}/session`, { deskId: newId(0) })).code).toBe('operators.unknown-desk');
  expect((await act('POST', `${late.id}/session`, { deskId: second.id })).status).toBe(200);
  expect((await act('POST', `${comes.id}/state`, { state: 'paused', reason: 'makan' })).status).toBe(200);
  expect((await act('POST', `${comes.id}/state`, { state: 'available' })).status).toBe(200);
  expect((await act('POST', `${newId(0)}/state`, { state: 'available' })).code).toBe('operators.unknown');
  expect((await act('DELETE', `${comes.id}/session`)).status).toBe(204);
  expect((await act('DELETE', `${comes.id}/session`)).code).toBe('operators.not-logged-in');
  proxy.restore();
  const audited = (who: { id: string }) =>
    room.postgres.rows(
      z.object({ action: z.string(), role: z.string(), reason: z.string().nullable() }),
      `select action, role, detail->>'reason' as reason from audit
         where subject = $1 and action <> 'operators.create' order by id`,
      [`operator/${who.id}`],
    );
  await until('all is audited', async () => (await audited(comes)).length + (await audited(late)).length >= 5);
  expect(await audited(comes)).toEqual([
    { action: 'operators.log-in', role: 'supervisor', reason: null },
    { action: 'operators.pause', role: 'supervisor', reason: 'makan' },
    { action: 'operators.available', role: 'supervisor', reason: null },
    { action: 'operators.log-out', role: 'supervisor', reason: null },
  ]);
  expect(await audited(late)).toEqual([{ action: 'operators.log-in', role: 'supervisor', reason: null }]);
});
