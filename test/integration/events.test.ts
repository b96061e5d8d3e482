import { request, type IncomingMessage } from 'node:http';
import { createToken } from '../../src/access/token-command.ts';
import { createFeed, type Feed } from '../../src/events/feed.ts';
import { eventRoutes } from '../../src/events/routes.ts';
import type { CallInCircle } from '../../src/incidents/need-to-know.ts';
import type { Role } from '../../src/platform/auth.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { fakeClock } from '../support/fake-clock.ts';
import { followFeed } from '../support/feed.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

const clock = fakeClock();
const calls = new Map<string, CallInCircle>();
let database: TestDatabase;
let rooms: Rooms;
let tokens: Record<Role, string>;
let feed: Feed;
/** Who follows the feed over HTTP. */
const following = new Set<object>();

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  feed = createFeed({ clock, callOf: (callId) => calls.get(callId) });
  const watched: Feed = {
    ...feed,
    subscribe(listener) {
      const leave = feed.subscribe(listener);
      following.add(listener);
      return () => {
        following.delete(listener);
        leave();
      };
    },
  };
  rooms = await startRooms(database.url, { extraRoutes: eventRoutes({ feed: watched, clock }) });
});
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

const tell = (type: string, callId: string | null = null, detail: Record<string, string> = {}): void =>
  feed.publish({ type, callId, incidentId: callId, detail }, clock.now());

/** A reader that reads nothing until it is told to. */
function open(token: string, lastEventId: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, 'last-event-id': lastEventId };
    request(`${rooms.base}/v1/events`, { headers }, resolve).on('error', reject).end();
  });
}

test('a revoked token ends its stream with the next heartbeat, and no other', async () => {
  const made = await createToken(database.url, { role: 'operator', name: 'leaves today' });
  await until('the token is known', async () => (await ask(rooms, made.token, 'GET', '/v1/rules')).status === 200);
  const headers = { authorization: `Bearer ${made.token}` };
  const stream = await fetch(`${rooms.base}/v1/events`, { headers });
  const other = await followFeed(rooms.base, tokens.operator);
  const text = stream.text();
  clock.advance(15_000);
  expect((await ask(rooms, tokens.admin, 'DELETE', `/v1/tokens/${made.id}`)).status).toBe(204);
  clock.advance(15_000);
  expect(await text).toBe(': Siaga 112\n\n: still here\n\n');
  tell('after');
  await other.waitFor('after');
  other.close();
});

test('megabytes that were missed arrive whole and in order, with what happens meanwhile', async () => {
  const ids: string[] = [];
  const stop = feed.subscribe((event) => ids.push(event.id));
  const long = 'x'.repeat(4_000);
  for (let n = 0; n < 2_000; n += 1) tell('missed', null, { n: String(n), long });
  stop();
  const reader = await followFeed(rooms.base, tokens.operator, ids[0]);
  tell('meanwhile');
  await reader.waitFor('meanwhile');
  expect(reader.all('missed').map(({ detail }) => detail['n'])).toEqual(
    Array.from({ length: 1_999 }, (_one, n) => String(n + 1)),
  );
  reader.close();
  // One who reads slowly gets all of it as well; one who reads nothing is let go.
  const slow = await open(tokens.operator, ids[0] ?? '');
  let bytes = 0;
  clock.advance(15_000);
  slow.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await until('all of it was read', () => bytes > 1_999 * 4_000);
  clock.advance(15_000);
  expect(slow.destroyed).toBe(false);
  slow.destroy();
  await until('he has gone', () => following.size === 0);
  const deaf = await open(tokens.operator, ids[0] ?? '');
  const closed = new Promise((resolve) => deaf.on('close', resolve));
  deaf.on('error', () => undefined);
  // What is on its way fills buffers of the system for some heartbeats.
  await until('he is let go', () => {
    clock.advance(15_000);
    return following.size === 0;
  });
  deaf.resume();
  await closed;
  expect(deaf.complete).toBe(false);
});

test('of a confidential call, an operator who is not on it learns that something happened, and not what', async () => {
  const on = await createToken(database.url, { role: 'operator', name: 'on the call', operatorId: 'op-1' });
  await until('the token is known', async () => (await ask(rooms, on.token, 'GET', '/v1/rules')).status === 200);
  const follow = (token: string) => followFeed(rooms.base, token);
  const readers = await Promise.all([on.token, tokens.operator, tokens.supervisor, tokens.admin].map(follow));
  const seen = async (type: string) =>
    (await Promise.all(readers.map((reader) => reader.waitFor(type, { callId: 'c' })))).map(({ detail }) => detail);
  const call = { talkedWith: null, others: [], parties: [], operator: { operatorId: 'op-1' } };
  calls.set('c', { ...call, incident: { kind: 'fire' } });
  let mark = '';
  feed.subscribe(({ id, type }) => (mark = type === 'before' ? id : mark));
  tell('before');
  tell('call.arrived', 'c', { callerNumber: '1' });
  const all = { callerNumber: '1' };
  expect(await seen('call.arrived')).toEqual([all, all, all, all]);
  calls.set('c', { ...call, incident: { kind: 'child-violence' } });
  tell('incident.changed', 'c', { kind: 'child-violence' });
  const kind = { kind: 'child-violence' };
  expect(await seen('incident.changed')).toEqual([kind, {}, kind, kind]);
  calls.delete('c');
  // Read again later, what came before the classification is kept back as well, though the call is gone.
  const again = await followFeed(rooms.base, tokens.operator, mark);
  await again.waitFor('incident.changed', { callId: 'c' });
  expect(again.all('call.arrived', { callId: 'c' }).map(({ detail }) => detail)).toEqual([{}]);
  again.close();
  for (const reader of readers) reader.close();
});

test('auditors follow no feed', async () => {
  expect((await ask(rooms, tokens.auditor, 'GET', '/v1/events')).status).toBe(403);
});
