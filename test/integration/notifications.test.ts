import { z } from 'zod';
import { signatureOf } from '../../src/notifications/signature.ts';
import type { NotifyWish } from '../../src/notifications/tell.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Role } from '../../src/platform/auth.ts';
import type { Circle } from '../../src/incidents/need-to-know.ts';
import { writeEntries } from '../../src/records/write.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { mailServer, type MailServer } from '../support/mail-server.ts';
import { startNotificationRoom, webhookSecret, type NotificationRoom } from '../support/notification-room.ts';
import { brawl } from '../support/notifications.ts';
import { queuePrefix, redisUrl } from '../support/redis.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';
import { webhookServer, type WebhookServer } from '../support/webhook-server.ts';

let database: TestDatabase;
let redis: TcpProxy;
let postgresProxy: TcpProxy;
let gateway: WebhookServer;
let mail: MailServer;
let room: NotificationRoom;
/** Nobody works for its queue. */
let lonely: NotificationRoom;
let rooms: Rooms;
let worker: { stop: () => Promise<void> };
let tokens: Record<Role, string>;
const circles = new Map<string, Circle>();

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  redis = await tcpProxy(redisUrl());
  postgresProxy = await tcpProxy(database.url);
  mail = await mailServer();
  room = startNotificationRoom({
    databaseUrl: postgresProxy.url(database.url),
    redisUrl: redis.url(redisUrl()),
    prefix: queuePrefix(),
    smtpUrl: mail.url(),
    circles,
  });
  worker = room.worker();
  lonely = startNotificationRoom({ databaseUrl: database.url, redisUrl: redisUrl(), prefix: queuePrefix() });
  rooms = await startRooms(database.url, { extraRoutes: room.routes });
}, 60_000);
beforeEach(async () => {
  gateway = await webhookServer();
});
afterEach(async () => {
  redis.restore();
  postgresProxy.restore();
  mail.refuse(null);
  await gateway.close();
});
afterAll(async () => {
  await worker.stop();
  await room.stop();
  await lonely.stop();
  await rooms.stop();
  await redis.close();
  await postgresProxy.close();
  await mail.close();
  await database.drop();
});

const webhook = (path = '/') => ({ type: 'webhook' as const, url: gateway.url(path) });
const email = { type: 'email' as const, address: 'sekda@kota.example' };
const reason: NotifyWish['reason'] = { by: 'rule', ruleSetVersion: 3, ruleId: 'brawl', incidentVersion: 2 };
const tell = (recipientIds: string[], over: Partial<NotifyWish> = {}): string => {
  const incidentId = over.incidentId ?? newId(systemClock.now());
  room.notify({ incidentId, recipientIds, reason, message: brawl, callId: null, ...over });
  return incidentId;
};
const stateOf = (recipientId: string): string | undefined =>
  room.entries.findLast(({ state }) => state.recipientId === recipientId)?.state.state;
const over = (recipientId: string, within = 15_000) =>
  until(`${recipientId} is told or not`, () => !['sending', undefined].includes(stateOf(recipientId)), within);
const items = z.object({ items: z.array(z.object({ recipientId: z.string(), state: z.string() })) });

test('a webhook is told, signed, and it is on record with its timeline', async () => {
  room.recipients({ 'wali-kota': { channels: [webhook('/kirim')] } });
  const incidentId = tell(['wali-kota']);
  await over('wali-kota');
  const [post] = gateway.received;
  if (post === undefined) throw new Error('nothing came');
  const timestamp = z.string().parse(post.headers['x-siaga-timestamp']);
  expect(post.headers['x-siaga-signature']).toBe(signatureOf(webhookSecret, timestamp, post.body));
  expect(Math.abs(Number(timestamp) - systemClock.now() / 1_000)).toBeLessThan(10);
  expect(JSON.parse(post.body)).toMatchObject({
    incidentId,
    deliveryId: post.headers['x-siaga-delivery'],
    recipientId: 'wali-kota',
    reason: 'rule',
    kind: 'brawl',
    severity: 'high',
    district: 'Mandonga',
    incidentNumber: '004711',
    position: brawl.position,
    callerNumber: brawl.callerNumber,
    confidential: false,
    subject: '[112] Tawuran, Mandonga (kejadian 004711)',
  });
  const path = `/v1/notifications?incidentId=${incidentId}`;
  await until('it is on record', async () => {
    const listed = items.parse((await ask(rooms, tokens.operator, 'GET', path)).body);
    return listed.items.some(({ state }) => state === 'delivered');
  });
  const listed = await ask(rooms, tokens.auditor, 'GET', path);
  expect(listed.at('items.0')).toMatchObject({ recipientId: 'wali-kota', reason: { by: 'rule', ruleId: 'brawl' } });
  expect(listed.text).not.toMatch(/127\.0\.0\.1|81298765432|3\.9675/);
  const story = () =>
    room.postgres.rows(
      z.object({ type: z.string(), detail: z.record(z.string(), z.unknown()) }),
      'select type, detail from timeline where incident_id = $1 order by at, sequence, position',
      [incidentId],
    );
  // What is listed comes from memory, and is before its record.
  await until('its timeline is on record', async () => (await story()).length > 1);
  const lines = await story();
  expect(lines.map(({ type }) => type)).toEqual(['notification.requested', 'notification.delivered']);
  expect(lines[1]?.detail).toMatchObject({ recipientId: 'wali-kota', channel: 'webhook' });
});

test('500, then 200: told by the second try, of the same delivery', async () => {
  gateway.answer((response, _post, count) => response.writeHead(count === 1 ? 500 : 200).end());
  room.recipients({ 'r-500': { channels: [webhook()] } });
  tell(['r-500']);
  await over('r-500');
  expect(room.facts('r-500')).toEqual(['requested', 'attempt-failed', 'delivered']);
  const deliveries = gateway.received.map(({ headers }) => headers['x-siaga-delivery']);
  expect(deliveries).toHaveLength(2);
  expect(new Set(deliveries).size).toBe(1);
});

test('a redirect, and a point into our own network: the next channel at once', async () => {
  gateway.answer((response) => response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end());
  room.recipients({
    'r-redirect': { channels: [webhook(), email] },
    'r-inside': { channels: [{ type: 'webhook', url: 'https://10.0.0.1/' }, email] },
    'r-mapped': { channels: [{ type: 'webhook', url: 'https://[::ffff:169.254.169.254]/latest' }] },
    'r-nothing': { channels: [] },
    'r-placeholder': { channels: [{ type: 'email', address: 'sekda@kendari.invalid' }] },
  });
  tell(['r-redirect', 'r-inside', 'r-mapped', 'r-nothing', 'r-placeholder']);
  for (const id of ['r-redirect', 'r-inside', 'r-mapped', 'r-nothing', 'r-placeholder']) await over(id);
  expect(room.facts('r-redirect')).toEqual(['requested', 'attempt-failed', 'fallback', 'delivered']);
  expect(room.facts('r-inside')).toEqual(['requested', 'attempt-failed', 'fallback', 'delivered']);
  expect([stateOf('r-mapped'), stateOf('r-nothing'), stateOf('r-placeholder')]).toEqual(['failed', 'failed', 'failed']);
  expect(room.alarms.filter((code) => code === 'notification-failed')).toHaveLength(3);
  expect(mail.received).toHaveLength(2);
  expect(mail.received[0]?.raw).toContain('Subject: [112] Tawuran, Mandonga (kejadian 004711)');
});

test('one that hangs is given up after five seconds, and the e-mail goes out after five tries', async () => {
  gateway.answer((response, _post, count) => {
    if (count > 1) response.writeHead(503).end();
  });
  room.recipients({ 'r-hang': { channels: [webhook(), email] } });
  const from = performance.now();
  tell(['r-hang']);
  await until('the first try is given up', () => room.facts('r-hang').includes('attempt-failed'), 8_000);
  expect(performance.now() - from).toBeGreaterThan(4_900);
  await over('r-hang', 30_000);
  expect(gateway.received).toHaveLength(5);
  expect(room.facts('r-hang').slice(-2)).toEqual(['fallback', 'delivered']);
}, 45_000);

test('told twice for the same reason, told once; told again when the rules were asked again', async () => {
  room.recipients({ 'r-once': { channels: [webhook()] } });
  const incidentId = tell(['r-once', 'r-once']);
  tell(['r-once'], { incidentId });
  await over('r-once');
  tell(['r-once'], { incidentId });
  expect(gateway.received).toHaveLength(1);
  tell(['r-once'], { incidentId, reason: { ...reason, incidentVersion: 3 } });
  await until('told again', () => gateway.received.length === 2);
  // Of a reason that another process may have seen to as well, the record is asked.
  const sop: NotifyWish['reason'] = { by: 'sop', dispatchId: incidentId, clock: 'arrive' };
  tell(['r-once'], { incidentId, reason: sop });
  await until('told of the clock', () => gateway.received.length === 3);
  const other = startNotificationRoom({ databaseUrl: database.url, redisUrl: redisUrl(), prefix: queuePrefix() });
  other.recipients({ 'r-once': { channels: [webhook()] }, 'r-new': { channels: [webhook()] } });
  const itsWorker = other.worker();
  await until('it is on record', async () => (await count('r-once')) === 3);
  other.notify({ incidentId, recipientIds: ['r-once', 'r-new'], reason: sop, message: brawl, callId: null });
  await until('the new one is told', () => other.facts('r-new').includes('delivered'));
  expect(other.facts('r-once')).toEqual([]);
  await itsWorker.stop();
  await other.stop();
});

const count = async (recipientId: string): Promise<number> => {
  const rows = z.object({ count: z.coerce.number() });
  const sql = 'select count(*) from notifications where recipient_id = $1';
  return (await rooms.postgres.first(rows, sql, [recipientId]))?.count ?? 0;
};

test('of a confidential incident kind and number leave the centre, and nobody reads of it who need not know', async () => {
  room.recipients({ 'r-kdrt': { channels: [webhook(), email] } });
  const incidentId = newId(systemClock.now());
  circles.set(incidentId, { kind: 'domestic-violence', operatorIds: [] });
  await rooms.postgres.execute(
    `insert into incidents (id, opened_at, version, status, kind) values ($1, now(), 1, 'open', 'domestic-violence')`,
    [incidentId],
  );
  tell(['r-kdrt'], { incidentId, message: { ...brawl, kind: 'domestic-violence' } });
  await over('r-kdrt');
  const [post] = gateway.received;
  expect(JSON.parse(post?.body ?? '')).toMatchObject({
    kind: 'domestic-violence',
    incidentNumber: '004711',
    confidential: true,
    position: null,
    callerNumber: null,
    district: null,
    severity: null,
  });
  expect(post?.body).not.toMatch(/Mandonga|81298765432|3\.9675/);
  await until('it is on record', async () => (await count('r-kdrt')) === 1);
  const path = `/v1/notifications?incidentId=${incidentId}`;
  expect((await ask(rooms, tokens.auditor, 'GET', path)).code).toBe('incidents.confidential');
  expect((await ask(rooms, tokens.supervisor, 'GET', path)).pluck('items', 'recipientId')).toEqual(['r-kdrt']);
  const all = await ask(rooms, tokens.operator, 'GET', '/v1/notifications?limit=200');
  expect(all.pluck('items', 'recipientId')).not.toContain('r-kdrt');
});

test("an agency's contacts are told in their order until one was reached, and the dispatch hears of it", async () => {
  gateway.answer((response, { path }) => response.writeHead(path === '/dead' ? 410 : 200).end());
  room.recipients({
    'a-first': { agencyId: 'pln', channels: [webhook('/dead')] },
    'b-second': { agencyId: 'pln', channels: [webhook('/alive')] },
    'c-third': { agencyId: 'pln', channels: [webhook('/never')] },
  });
  const incidentId = newId(systemClock.now());
  await rooms.postgres.execute(
    `insert into incidents (id, opened_at, version, status, kind) values ($1, now(), 1, 'open', 'power-line')`,
    [incidentId],
  );
  const dispatchId = newId(systemClock.now());
  room.notifyAgency({ dispatchId, agencyId: 'pln', incidentId });
  await until('the dispatch hears of it', () => room.told.some((one) => one.dispatchId === dispatchId));
  expect(room.told.filter((one) => one.dispatchId === dispatchId)).toMatchObject([{ outcome: 'delivered' }]);
  expect(gateway.received.map(({ path }) => path)).toEqual(['/dead', '/alive']);
  // Asked again, by another owner of the call: nobody is told again.
  await until('it is on record', async () => (await count('b-second')) === 1);
  room.notifyAgency({ dispatchId, agencyId: 'pln', incidentId });
  const none = newId(systemClock.now());
  room.notifyAgency({ dispatchId: none, agencyId: 'perkim', incidentId });
  await until('an agency with nobody is said to have failed', () => room.told.some((one) => one.dispatchId === none));
  expect(room.told.find((one) => one.dispatchId === none)).toMatchObject({ outcome: 'failed' });
  expect(gateway.received).toHaveLength(2);
});

test('a supervisor tells somebody of an incident, once for each request; what cannot be is refused', async () => {
  room.recipients({ sekda: { channels: [webhook()] } });
  const [incidentId, kdrt] = [newId(systemClock.now()), newId(systemClock.now())];
  for (const [id, kind] of [
    [incidentId, 'flood'],
    [kdrt, 'domestic-violence'],
  ]) {
    circles.set(id ?? '', { kind: kind ?? null, operatorIds: [] });
    const sql = `insert into incidents (id, opened_at, version, status, kind) values ($1, now(), 1, 'open', $2)`;
    await rooms.postgres.execute(sql, [id, kind]);
  }
  const post = (body: object, role: Role = 'supervisor', headers: Record<string, string> = {}) =>
    ask(rooms, tokens[role], 'POST', '/v1/notifications', { body, headers });
  const wanted = { incidentId, recipientIds: ['sekda', 'sekda'], note: 'Mohon hadir.' };
  const key = { 'idempotency-key': 'once' };
  const answers = [await post(wanted, 'supervisor', key), await post(wanted, 'supervisor', key)];
  expect(answers.map(({ status }) => status)).toEqual([202, 202]);
  expect(answers[0]?.body).toEqual(answers[1]?.body);
  await over('sekda');
  expect(gateway.received).toHaveLength(1);
  expect(gateway.received[0]?.body).toMatch(/"reason":"person".*Mohon hadir/);
  expect((await post(wanted, 'operator')).status).toBe(403);
  expect((await post({ ...wanted, recipientIds: ['nobody'] })).code).toBe('recipients.unknown');
  expect((await post({ ...wanted, incidentId: newId(systemClock.now()) })).code).toBe('incidents.unknown');
  expect((await post({ ...wanted, incidentId: kdrt })).code).toBe('notifications.no-note');
  expect(gateway.received).toHaveLength(1);
});

test('twelve at once, with Redis and without: all told, in the time that one takes', async () => {
  const ids = Array.from({ length: 12 }, (_, index) => `r-many-${index}`);
  for (const away of [false, true]) {
    if (away) redis.cut();
    const before = gateway.received.length;
    const many = Object.fromEntries(ids.map((id) => [`${id}-${String(away)}`, { channels: [webhook(`/${id}`)] }]));
    room.recipients(many);
    gateway.answer((response) => void setTimeout(() => response.writeHead(200).end(), 500));
    const from = performance.now();
    tell(Object.keys(many));
    for (const id of Object.keys(many)) await over(id);
    const last = Math.max(...gateway.received.map(({ at }) => at));
    process.stdout.write(
      `12 parties, Redis ${away ? 'away' : 'there'}: the last after ${Math.round(last - from)} ms\n`,
    );
    expect(gateway.received.length - before).toBe(12);
    expect(last - from).toBeLessThan(5_000);
  }
}, 30_000);

test('with PostgreSQL away they are told all the same, and on record once it is back', async () => {
  room.recipients({ 'r-no-pg': { channels: [webhook()] } });
  postgresProxy.cut();
  tell(['r-no-pg']);
  await over('r-no-pg');
  expect(stateOf('r-no-pg')).toBe('delivered');
  postgresProxy.restore();
  await until('it is on record', async () => (await count('r-no-pg')) === 1, 20_000);
}, 30_000);

test('with every worker dead the controller tells them itself, once the queue has lost a try', async () => {
  lonely.recipients({ 'r-lonely': { channels: [webhook()] } });
  const incidentId = newId(systemClock.now());
  lonely.notify({ incidentId, recipientIds: ['r-lonely'], reason, message: brawl, callId: null });
  await until('told', () => lonely.facts('r-lonely').includes('delivered'), 15_000);
  expect(lonely.facts('r-lonely')).toEqual(['requested', 'attempt-failed', 'delivered']);
  expect(gateway.received).toHaveLength(1);
}, 30_000);

test('nobody of that name is said, and harms no other', async () => {
  room.recipients({ 'r-there': { channels: [webhook()] } });
  tell(['nobody', 'r-there']);
  await over('r-there');
  expect(room.alarms).toContain('recipient-unknown');
});

test('rows are told apart by owner and entry, whatever order they come in', async () => {
  const sample = room.entries.filter(({ state }) => state.recipientId === 'r-500');
  expect(sample.length).toBeGreaterThan(2);
  await rooms.postgres.transaction((sql) => writeEntries(sql, [...sample].reverse()));
  const found = await rooms.postgres.first(
    z.object({ state: z.string(), lines: z.coerce.number() }),
    `select state, (select count(*) from timeline where outgoing_id = n.id) as lines from notifications n
     where recipient_id = 'r-500'`,
  );
  expect(found).toEqual({ state: 'delivered', lines: 3 });
});
