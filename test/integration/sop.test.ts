import { jest } from '@jest/globals';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { closeConnection, createProducerConnection, createWorkerConnection } from '../../src/platform/redis.ts';
import { createSopTimers } from '../../src/sop/jobs.ts';
import type { ControllerRooms } from '../support/controller-rooms.ts';
import { queuePrefix, redisUrl } from '../support/redis.ts';
import { until } from '../support/rest.ts';
import { leaders, startSopCentre, type SopCentre } from '../support/sop-rooms.ts';
import { tcpProxy } from '../support/tcp-proxy.ts';

jest.setTimeout(120_000);

let centre: SopCentre;
beforeAll(async () => {
  centre = await startSopCentre();
});
afterAll(() => centre.drop());

const told = (rooms: ControllerRooms): string[] => rooms.told.flatMap(({ recipientIds }) => recipientIds);
const events = (rooms: ControllerRooms, id: string): string[] =>
  rooms.events.filter(({ detail }) => detail['dispatchId'] === id).map(({ type }) => type);
const sopEvents = (rooms: ControllerRooms, id: string): string[] =>
  events(rooms, id).filter((type) => type.startsWith('sop.'));
const clocksOf = async (rooms: ControllerRooms, id: string): Promise<[unknown, unknown][]> => {
  const dispatch = await centre.send(rooms, 'GET', `/v1/dispatches/${id}`);
  const states = dispatch.pluck('sop', 'state');
  return dispatch.pluck('sop', 'clock').map((clock, index) => [clock, states[index]]);
};

test('a late agency: a warning, then its contacts one after the other, then all leaders, each once', async () => {
  const rooms = await centre.controller();
  const { call, id } = await centre.dispatch(rooms);
  expect(await clocksOf(rooms, id)).toEqual([
    ['accept', 'running'],
    ['arrive', 'waiting'],
  ]);
  rooms.ahead(71_000);
  await until('it warns', () => sopEvents(rooms, id).length === 1);
  expect(await clocksOf(rooms, id)).toContainEqual(['accept', 'warned']);
  expect(told(rooms)).toEqual([]);
  rooms.ahead(30_000);
  await until('contact 1 is told', () => told(rooms).length === 1);
  expect(told(rooms)).toEqual(['damkar-satu']);
  expect(rooms.told[0]?.message.note?.id).toMatch(/^TERLAMBAT: .* dalam 100 detik\. .*https:\/\/112\.example\/r\//);
  expect(rooms.told[0]?.reason).toEqual({ by: 'sop', dispatchId: id, clock: 'accept' });
  // It is not on record: it was lost with whoever told, and is told again.
  rooms.ahead(11_000);
  await until('contact 1 is told again', () => told(rooms).length === 2);
  expect(told(rooms)).toEqual(['damkar-satu', 'damkar-satu']);
  const again = rooms.told[1];
  if (again !== undefined) await centre.record(rooms, again);
  rooms.ahead(50_000);
  await until('contact 2 is told', () => told(rooms).length === 3);
  const second = rooms.told[2];
  if (second !== undefined) await centre.record(rooms, second);
  rooms.ahead(61_000);
  await until('the leaders are told', () => told(rooms).length >= 6);
  expect(told(rooms).slice(2)).toEqual(['damkar-dua', ...leaders]);
  // They are told that it is late; the crew's link is for its own agency.
  for (const { recipientIds, message } of rooms.told) {
    expect([recipientIds, message.note?.en.includes('/r/')]).toEqual([
      recipientIds,
      !leaders.includes(recipientIds[0] ?? ''),
    ]);
  }
  for (const wish of rooms.told.slice(3)) await centre.record(rooms, wish);
  rooms.ahead(3_600_000);
  // The sweep comes several times before another dispatch is warned of.
  const other = await centre.dispatch(rooms);
  rooms.ahead(71_000);
  await until('another warns', () => sopEvents(rooms, other.id).length === 1);
  expect(told(rooms)).toHaveLength(6);
  expect(sopEvents(rooms, id)).toEqual(['sop.warning', 'sop.overdue']);
  const timeline = await centre.send(rooms, 'GET', `/v1/incidents/${call.incident.id}/timeline`);
  expect(timeline.pluck('items', 'type').filter((type) => String(type).startsWith('sop.'))).toEqual([
    'sop.warning',
    'sop.overdue',
  ]);
  await rooms.stop();
});

test('a killed controller and an empty Redis lose no clock: another goes on with it', async () => {
  const first = await centre.controller();
  const { id } = await centre.dispatch(first);
  first.ahead(71_000);
  await until('it warns', () => sopEvents(first, id).length === 1);
  await first.kill();
  const second = await centre.controller();
  second.ahead(101_000);
  await until('it is overdue', () => sopEvents(second, id).length === 1);
  expect(sopEvents(second, id)).toEqual(['sop.overdue']);
  await until('contact 1 is told', () => told(second).includes('damkar-satu'));
  await second.stop();
});

test('a job of BullMQ has a clock looked at in time, whoever sweeps', async () => {
  const connections = { logger: createLogger('silent'), name: 'sop-test' };
  const producer = createProducerConnection(redisUrl(), connections);
  const worker = createWorkerConnection(redisUrl(), connections);
  await until('Redis is there', () => producer.status === 'ready');
  const looked: string[] = [];
  const timers = createSopTimers({
    node: 'test',
    prefix: queuePrefix(),
    producer,
    worker,
    clock: systemClock,
    logger: connections.logger,
    due: (dispatchId) => Promise.resolve(void looked.push(dispatchId)),
  });
  const dispatchId = newId(systemClock.now());
  const at = systemClock.now() + 300;
  for (let times = 0; times < 2; times += 1) await timers.add({ dispatchId, clock: 'accept', at });
  await until('it is looked at', () => looked.length > 0);
  expect(systemClock.now()).toBeGreaterThanOrEqual(at);
  expect(looked).toEqual([dispatchId]);
  await timers.stop();
  closeConnection(producer);
  closeConnection(worker);
});

test('two controllers at once tell once', async () => {
  const [one, two] = await Promise.all([centre.controller(), centre.controller()]);
  const { id } = await centre.dispatch(one);
  for (const rooms of [one, two]) rooms.ahead(101_000);
  const mine = (rooms: ControllerRooms): unknown[] =>
    rooms.told.filter(({ reason }) => reason.by === 'sop' && reason.dispatchId === id);
  await until('somebody is told', () => mine(one).length + mine(two).length > 0);
  // Both have heard of it, whoever decided.
  for (const rooms of [one, two]) {
    await until('it is on the feed', () => sopEvents(rooms, id).includes('sop.overdue'));
    expect(sopEvents(rooms, id)).toEqual(['sop.overdue']);
  }
  expect(mine(one).length + mine(two).length).toBe(1);
  await Promise.all([one.stop(), two.stop()]);
});

test('acceptance keeps one clock and starts the next; the crew on scene keeps that; a closed incident ends all', async () => {
  const rooms = await centre.controller();
  const { call, id } = await centre.dispatch(rooms);
  centre.accept(rooms, call);
  await rooms.settled();
  expect(await clocksOf(rooms, id)).toEqual([
    ['accept', 'kept'],
    ['arrive', 'running'],
  ]);
  const answer = await centre.send(rooms, 'POST', `/v1/dispatches/${id}/responder`, { state: 'on-scene' });
  expect([answer.status, answer.at('state')]).toEqual([200, 'on-scene']);
  expect(await clocksOf(rooms, id)).toContainEqual(['arrive', 'kept']);

  const other = await centre.dispatch(rooms);
  rooms.runner.tell(other.call.id, { type: 'dispatch-cancelled', at: rooms.now(), dispatchId: other.id, by: 'test' });
  await rooms.settled();
  expect(await clocksOf(rooms, other.id)).toEqual([
    ['accept', 'cancelled'],
    ['arrive', 'cancelled'],
  ]);

  const third = await centre.dispatch(rooms);
  centre.accept(rooms, third.call);
  await rooms.settled();
  await centre.end(rooms, third.call);
  expect(await clocksOf(rooms, third.id)).toContainEqual(['arrive', 'running']);
  await centre.close(rooms, third.call.incident.id);
  expect(await clocksOf(rooms, third.id)).toEqual([
    ['accept', 'kept'],
    ['arrive', 'cancelled'],
  ]);
  await rooms.stop();
});

test('with PostgreSQL away a live call is warned of and its agency told all the same, and once it is back not again', async () => {
  const proxy = await tcpProxy(centre.database.url);
  const rooms = await centre.controller(proxy.url(centre.database.url));
  const { id } = await centre.dispatch(rooms);
  proxy.cut();
  await until('it is away', async () => {
    await rooms.database.execute('select 1').catch(() => undefined);
    return rooms.database.reachable() === false;
  });
  rooms.ahead(71_000);
  await until('it warns', () => sopEvents(rooms, id).length === 1);
  rooms.ahead(31_000);
  await until('contact 1 is told', () => told(rooms).length === 1);
  expect(told(rooms)).toEqual(['damkar-satu']);
  const away = await centre.send(rooms, 'GET', `/v1/dispatches/${id}`);
  expect([away.status, away.at('sop'), away.at('responder')]).toEqual([200, null, null]);
  const [wish] = rooms.told;
  proxy.restore();
  await until(
    'it is on record',
    async () => (await clocksOf(rooms, id)).some(([, state]) => state === 'overdue'),
    30_000,
  );
  // The same reason: the room of notifications tells nobody twice for it.
  await until('the record asks for the same', () => told(rooms).length >= 2);
  expect(rooms.told[1]?.reason).toEqual(wish?.reason);
  expect(rooms.told[1]?.recipientIds).toEqual(wish?.recipientIds);
  await rooms.stop();
  await proxy.close();
});

test('who is still to be told the record says: one of whom this process has not heard yet is not left out', async () => {
  const rooms = await centre.controller();
  const { id } = await centre.dispatch(rooms);
  await rooms.database.execute(
    `insert into recipients (id, name, leader, language, channels, secret, version)
     values ('newcomer', 'Newcomer', true, 'id', '[]', 'secret', 1)`,
  );
  expect(rooms.recipients.current().find('newcomer')).toBeUndefined();
  await rooms.database.execute(
    `update sop_clocks set to_tell = '{gone,newcomer}', tell_after = now() - interval '1 day'
     where dispatch_id = $1 and clock = 'accept'`,
    [id],
  );
  await until('the newcomer is told', () => told(rooms).includes('newcomer'));
  expect(told(rooms)).toEqual(['newcomer']);
  await rooms.database.execute(`delete from recipients where id = 'newcomer'`);
  await rooms.stop();
});
