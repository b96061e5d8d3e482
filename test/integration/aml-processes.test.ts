import { jest } from '@jest/globals';
import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { printElsForm } from '../../src/location/aml/aml-https.ts';
import type { Role } from '../../src/platform/auth.ts';
import { journalFiles } from '../../src/platform/journal-reader.ts';
import { amlKey, els, elsFields, postForm } from '../support/aml-sender.ts';
import { located, matchedCalls, newNumber, patience, sources, storedFixes } from '../support/callers.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { stateFolder } from '../support/rooms.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';

jest.setTimeout(120_000);

let database: TestDatabase;
let tokens: Record<Role, string>;
let proxy: TcpProxy;
let rooms: ControllerRooms;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  proxy = await tcpProxy(database.url);
  rooms = await startController(proxy.url(database.url), { amlKey });
});
afterAll(async () => {
  proxy.restore();
  await rooms.stop();
  await proxy.close();
  await database.drop();
});

const send = (number: string, over: Record<string, string> = {}, at = rooms): Promise<number> =>
  els(at.base, { device_number: number, ...over });

describe('two processes', () => {
  let other: ControllerRooms;
  beforeEach(async () => {
    other = await startController(database.url, { amlKey });
    other.ahead(rooms.now() - other.now());
  });
  afterEach(() => other.stop());

  test('one takes the message, the other has the call', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    await send(number, {}, other);
    await located(rooms, id);
    await other.settled();
    await rooms.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([id]);
  });

  test('both take it: one message, and each call gets it once', async () => {
    const number = newNumber();
    const calls = [rooms.arrive({ number }), other.arrive({ number })];
    const form = printElsForm(elsFields({ device_number: number }), amlKey);
    await Promise.all([postForm(rooms.base, form), postForm(other.base, form)]);
    await until(
      'both have it',
      () => sources(rooms, calls[0]?.id ?? '').length + sources(other, calls[1]?.id ?? '').length === 2,
    );
    await rooms.settled();
    await other.settled();
    expect(await matchedCalls(rooms.database, number)).toHaveLength(1);
  });

  test('what was said while one could not hear is read when it hears again', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    await until('the first look is over', () => rooms.call(id).looked && rooms.call(id).history !== null);
    proxy.cut();
    try {
      await send(number, {}, other);
      await other.settled();
      expect(await matchedCalls(other.database, number)).toEqual([null]);
      expect(sources(rooms, id)).toEqual([]);
    } finally {
      proxy.restore();
    }
    await located(rooms, id);
  });
});

describe('PostgreSQL away', () => {
  afterEach(() => proxy.restore());

  test.each(['cut', 'freeze'] as const)('%s while a message comes and a call arrives: nothing is lost', async (how) => {
    const [number, early] = [newNumber(), newNumber()];
    const kept = await startController(database.url, { amlKey });
    kept.ahead(rooms.now() - kept.now());
    proxy[how]();
    await send(early, {}, kept);
    await kept.stop();
    expect(await send(number)).toBe(200);
    const { id } = rooms.arrive({ number });
    const other = rooms.arrive({ number: early });
    // What this process took itself it tells at once; the call waits for nothing.
    await located(rooms, id);
    expect(rooms.call(id).stage).toBe('waiting');
    expect(await send(number, { location_accuracy: '7' })).toBe(200);
    await located(rooms, id, 2);
    expect(sources(rooms, other.id)).toEqual([]);
    await until('the first look is over', () => rooms.call(other.id).looked, patience);
    expect(rooms.call(other.id).history).toBeNull();
    proxy.restore();
    await located(rooms, other.id);
    await until('the history is read', () => rooms.call(other.id).history !== null, patience);
    await rooms.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([id, id]);
    expect(await matchedCalls(rooms.database, early)).toEqual([other.id]);
    expect(await storedFixes(rooms.database, id)).toHaveLength(2);
  });
});

describe('PostgreSQL away: a message is passed on to whoever has the call', () => {
  let way: TcpProxy;
  let other: ControllerRooms;
  let stop: () => void;
  beforeEach(async () => {
    way = await tcpProxy(database.url);
    other = await startController(way.url(database.url), { amlKey });
    other.ahead(rooms.now() - other.now());
    // As over the socket between them.
    stop = other.location.passOn((aml) => rooms.location.hear(JSON.parse(JSON.stringify(aml))));
  });
  afterEach(async () => {
    for (const line of [way, proxy]) line.restore();
    stop();
    await other.stop();
    await way.close();
  });

  test('from both: it gets it once, and its record knows when PostgreSQL is back', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    for (const line of [way, proxy]) line.cut();
    await send(number, {}, other);
    await located(rooms, id);
    for (const line of [way, proxy]) line.restore();
    await other.settled();
    await rooms.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([id]);
    expect(sources(rooms, id)).toHaveLength(1);
  });

  test('from the one that took it in: its record knows before that one can write', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    way.cut();
    await send(number, {}, other);
    await located(rooms, id);
    await rooms.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([id]);
    way.restore();
    await other.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([id]);
    expect(sources(rooms, id)).toHaveLength(1);
  });
});

test('a process that is killed meanwhile: the next one brings its messages home, and its call gets them', async () => {
  const stateDir = await stateFolder();
  const number = newNumber();
  const first = await startController(proxy.url(database.url), { amlKey, stateDir });
  proxy.cut();
  expect(await send(number, {}, first)).toBe(200);
  await first.kill();
  proxy.restore();
  expect(await matchedCalls(rooms.database, number)).toEqual([]);
  const long = Date.now() / 1_000 - 60;
  for (const { segment } of await journalFiles(first.journalFolder)) {
    await utimes(join(first.journalFolder, segment), long, long);
  }
  const second = await startController(database.url, { stateDir });
  try {
    const { id } = second.arrive({ number });
    await located(second, id);
  } finally {
    await second.stop();
    await rm(stateDir, { recursive: true, force: true });
  }
});

test('a call that goes over to another process keeps what was known of it', async () => {
  const number = newNumber();
  const first = await startController(database.url, { amlKey });
  const { id, channelId } = first.arrive({ number });
  const body = { type: 'point', latitude: 0.51, longitude: 101.45, radius: 10 };
  expect((await ask(first, tokens.operator, 'POST', `/v1/calls/${id}/locations`, { body })).status).toBe(201);
  await send(number, {}, first);
  await first.settled();
  await first.kill();
  const second = await startController(database.url, { amlKey });
  try {
    second.ahead(5_000);
    expect(second.arrive({ number, channelId }).id).toBe(id);
    await located(second, id, 2);
    expect(second.call(id).location.best?.source).toBe('operator');
    await second.settled();
    expect(await storedFixes(rooms.database, id)).toHaveLength(2);
  } finally {
    await second.stop();
  }
});
