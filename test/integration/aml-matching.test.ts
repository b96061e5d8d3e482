import { jest } from '@jest/globals';
import { rm, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Role } from '../../src/platform/auth.ts';
import { journalFiles } from '../../src/platform/journal-reader.ts';
import { printElsForm } from '../../src/location/aml/aml-https.ts';
import { amlKey, amlText, els, elsFields, postForm } from '../support/aml-sender.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { stateFolder } from '../support/rooms.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';


jest.setTimeout(120_000);
const patience = Number(process.env["P"] ?? 30_000);

let database: TestDatabase;
let tokens: Record<Role, string>;
let proxy: TcpProxy;
let rooms: ControllerRooms;
let count = 0;

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

/** A number nobody has called from yet. */
const newNumber = (): string => `+62812${String(10_000_000 + (count += 1))}`;
const newImei = (): string => `3582400${String(1_000_000 + (count += 1))}`;
const sources = (callId: string, at = rooms): string[] => at.call(callId).location.fixes.map(({ source }) => source);
const located = (callId: string, at = rooms, fixes = 1): Promise<void> =>
  until('the call is told', () => sources(callId, at).length === fixes, patience);
const send = (number: string, over: Record<string, string> = {}, at = rooms): Promise<number> =>
  els(at.base, { device_number: number, ...over });
const sms = (body: object, at = rooms) => ask(at, tokens.gateway, 'POST', '/v1/locations/aml/sms', { body });

const storedFix = z.object({ source: z.string(), radius: z.number().nullable() });
const storedFixes = (callId: string) =>
  rooms.database.rows(
    storedFix,
    `select source, (content->'shape'->>'radius')::float as radius from location_fixes where call_id = $1
     order by received_at, id`,
    [callId],
  );
const detail = (callId: string) => ask(rooms, tokens.admin, 'GET', `/v1/calls/${callId}`);
const matchedCall = async (number: string): Promise<(string | null)[]> =>
  (
    await rooms.database.rows(
      z.object({ callId: z.string().nullable() }),
      'select call_id as "callId" from aml_messages where e164 = $1 order by received_at',
      [number],
    )
  ).map(({ callId }) => callId);
/** Enough time for a message to be told from one that came before. */
const compared = () => new Promise((resolve) => setTimeout(resolve, 200));
/** Enough time for whoever looks for messages of ended calls to have looked. */
const swept = async (): Promise<void> => {
  rooms.ahead(16_000);
  await new Promise((resolve) => setTimeout(resolve, 2_500));
};

describe('a message finds its call', () => {
  test('before it: it waits, and is found at the arrival', async () => {
    const number = newNumber();
    await send(number);
    await rooms.settled();
    expect(await matchedCall(number)).toEqual([null]);
    rooms.ahead(299_000);
    const { id } = rooms.arrive({ number });
    await located(id);
    await rooms.settled();
    expect(await matchedCall(number)).toEqual([id]);
  });

  test('before it, when another process took it long ago: it is found in PostgreSQL', async () => {
    const number = newNumber();
    const other = await startController(database.url, { amlKey });
    await send(number, {}, other);
    await other.stop();
    const late = await startController(database.url);
    try {
      const { id } = late.arrive({ number });
      await located(id, late);
    } finally {
      await late.stop();
    }
  });

  test('during it, also when the call has lasted longer than the window', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    await send(number);
    await located(id);
    rooms.ahead(3_600_000);
    await send(number, { location_accuracy: '5' });
    await located(id, rooms, 2);
    expect(rooms.call(id).location.best?.radius).toBe(5);
    await rooms.settled();
    expect(await matchedCall(number)).toEqual([id, id]);
  });

  test('right after its end, while it is still in memory', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    rooms.hangUp(id);
    expect(rooms.call(id).endedAt).not.toBeNull();
    await send(number);
    await located(id);
    await rooms.gone(id);
    expect((await detail(id)).at('bestFix.source')).toBe('aml-https');
  });

  test('long after its end: the stored call gets it, is chosen from anew, and the screens are told', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    rooms.hangUp(id);
    await rooms.gone(id);
    rooms.ahead(280_000);
    await send(number, { location_accuracy: '40' });
    await send(number, { location_accuracy: '15' });
    await send(number, { location_latitude: '0', location_longitude: '0' });
    await rooms.settled();
    expect(await storedFixes(id)).toEqual([]);
    await swept();
    await until('it has both', async () => (await storedFixes(id)).length === 2, patience);
    await until('it is noted', async () => (await matchedCall(number)).every((callId) => callId === id), patience);
    const answer = await detail(id);
    expect(answer.at('bestFix')).toMatchObject({ source: 'aml-https', radius: 15 });
    expect(answer.pluck('location.unusable', 'reason')).toEqual([
      'the position is 0,0, which phones send when they have none',
    ]);
    expect(rooms.events.filter(({ type, callId }) => type === 'location.added-later' && callId === id)).not.toEqual([]);
    const told = rooms.events.length;
    await swept();
    expect(rooms.events.slice(told).filter(({ type }) => type === 'location.added-later')).toEqual([]);
  });

  test('many at once, of one ended call: each is kept, and the best is the best of all', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    rooms.hangUp(id);
    await rooms.gone(id);
    rooms.ahead(20_000);
    for (const radius of [3, 90, 80, 70, 60]) await send(number, { location_accuracy: String(radius) });
    await rooms.settled();
    await swept();
    await until('it has all', async () => (await storedFixes(id)).length === 5, patience);
    expect((await detail(id)).at('bestFix.radius')).toBe(3);
  });

  test('by the number in its national form', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number: number.replace('+62', '0') });
    const from = number.replace('+62', '62');
    expect((await sms({ from, text: amlText({ lc: '51' }) })).status).toBe(202);
    expect((await sms({ from: number.replace('+62', '0'), text: amlText({ lc: '52' }) })).status).toBe(202);
    await located(id, rooms, 2);
  });

  test('by the IMEI alone, of whatever length', async () => {
    const imei = newImei();
    const { id } = rooms.arrive({ imei });
    expect(rooms.call(id).identity).toMatchObject({ number: null, imei: expect.stringContaining(imei) });
    await sms({ text: amlText({ ei: `${imei}0` }) });
    await sms({ text: amlText({ ei: `${imei}42`, lc: '51' }) });
    await els(rooms.base, { device_number: '', device_imei: imei });
    await located(id, rooms, 3);
    expect(sources(id).sort()).toEqual(['aml-https', 'aml-sms', 'aml-sms']);
  });

  test('by the IMEI of a phone for which the network has put in a number', async () => {
    const imei = newImei();
    const { id } = rooms.arrive({ number: '0000000000', imei });
    expect(rooms.call(id).identity.notCallable).toBe('placeholder');
    await sms({ from: newNumber(), text: amlText({ ei: `${imei}0` }) });
    await located(id);
  });

  test('two calls of one number, the second a redial: both get it', async () => {
    const number = newNumber();
    const first = rooms.arrive({ number });
    const second = rooms.arrive({ number });
    await send(number);
    await located(first.id);
    await located(second.id);
  });

  test('and the first gets it too when it is in PostgreSQL only', async () => {
    const number = newNumber();
    const first = rooms.arrive({ number });
    rooms.hangUp(first.id);
    await rooms.gone(first.id);
    const second = rooms.arrive({ number });
    await send(number);
    await located(second.id);
    await rooms.settled();
    await swept();
    await until('the first has it', async () => (await storedFixes(first.id)).length === 1, patience);
    expect(await matchedCall(number)).toEqual([second.id]);
  });
});

describe('and no other', () => {
  test.each([
    ['longer before it', 301_000, 0],
    ['longer after its end', 0, 301_000],
  ])('%s than the window', async (_when, before, after) => {
    const number = newNumber();
    if (before > 0) await send(number);
    rooms.ahead(before);
    const { id } = rooms.arrive({ number });
    rooms.hangUp(id);
    await rooms.gone(id);
    rooms.ahead(after);
    if (after > 0) await send(number);
    await rooms.settled();
    await swept();
    expect(await storedFixes(id)).toEqual([]);
    expect(await matchedCall(number)).toEqual([null]);
  });

  test('two numbers that differ decide, whatever the IMEI says, live and stored', async () => {
    const imei = newImei();
    const number = newNumber();
    const { id } = rooms.arrive({ number: newNumber(), imei });
    await els(rooms.base, { device_number: number, device_imei: imei });
    await rooms.settled();
    await compared();
    expect(sources(id)).toEqual([]);
    rooms.hangUp(id);
    await rooms.gone(id);
    await swept();
    expect(await storedFixes(id)).toEqual([]);
    expect(await matchedCall(number)).toEqual([null]);
  });

  test('a message that names nobody finds nobody', async () => {
    const { id } = rooms.arrive();
    await els(rooms.base, { device_number: '' });
    await els(rooms.base, { device_number: '', device_imei: '000000000000000' });
    await compared();
    expect(sources(id)).toEqual([]);
  });
});

describe('a message that comes again', () => {
  const again = 'the same message came before: a repetition, or a replay. It is not taken for a new one';
  const reasons = (callId: string, at = rooms) => at.call(callId).location.unusable.map(({ reason }) => reason);

  test('is one fix, and the call says why', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    const form = printElsForm(elsFields({ device_number: number }), amlKey);
    for (let n = 0; n < 4; n += 1) expect((await postForm(rooms.base, form)).status).toBe(200);
    await until('it is said', () => reasons(id).length > 0);
    expect(sources(id)).toEqual(['aml-https']);
    expect(reasons(id)).toEqual([again]);
  });

  test('to a later call of the number: no fix, and the call says why', async () => {
    const number = newNumber();
    const form = printElsForm(elsFields({ device_number: number }), amlKey);
    await postForm(rooms.base, form);
    await rooms.settled();
    rooms.ahead(7_200_000);
    const { id } = rooms.arrive({ number });
    await postForm(rooms.base, form);
    await until('it is said', () => reasons(id).length > 0);
    expect([sources(id), reasons(id)]).toEqual([[], [again]]);
  });

  test('also to a process that has never heard of it', async () => {
    const number = newNumber();
    const form = printElsForm(elsFields({ device_number: number }), amlKey);
    await postForm(rooms.base, form);
    await rooms.settled();
    const other = await startController(database.url, { amlKey });
    try {
      other.ahead(rooms.now() - Date.now() + 7_200_000);
      const { id } = other.arrive({ number });
      await postForm(other.base, form);
      await until('it is said', () => reasons(id, other).length > 0);
      expect([sources(id, other), reasons(id, other)]).toEqual([[], [again]]);
    } finally {
      await other.stop();
    }
  });
});

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
    await located(id);
    await other.settled();
    await rooms.settled();
    expect(await matchedCall(number)).toEqual([id]);
  });

  test('both take it: one message, and each call gets it once', async () => {
    const number = newNumber();
    const calls = [rooms.arrive({ number }), other.arrive({ number })];
    const form = printElsForm(elsFields({ device_number: number }), amlKey);
    await Promise.all([postForm(rooms.base, form), postForm(other.base, form)]);
    await until('both have it', () => sources(calls[0]?.id ?? '').length + sources(calls[1]?.id ?? '', other).length === 2);
    await rooms.settled();
    await other.settled();
    expect(await matchedCall(number)).toHaveLength(1);
  });

  test('what was said while one could not hear is read when it hears again', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    await until('the first look is over', () => rooms.call(id).looked && rooms.call(id).history !== null);
    proxy.cut();
    try {
      await send(number, {}, other);
      await other.settled();
      expect(await matchedCallBy(other, number)).toEqual([null]);
      expect(sources(id)).toEqual([]);
    } finally {
      proxy.restore();
    }
    await located(id);
  });
});

const matchedCallBy = async (at: ControllerRooms, number: string): Promise<(string | null)[]> => {
  const row = z.object({ callId: z.string().nullable() });
  const rows = await new Promise<z.output<typeof row>[]>((resolve, reject) => {
    at.database
      .rows(row, 'select call_id as "callId" from aml_messages where e164 = $1', [number])
      .then(resolve, reject);
  });
  return rows.map(({ callId }) => callId);
};

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
    await located(id);
    expect(rooms.call(id).stage).toBe('waiting');
    expect(await send(number, { location_accuracy: '7' })).toBe(200);
    await located(id, rooms, 2);
    expect(sources(other.id)).toEqual([]);
    await until('the first look is over', () => rooms.call(other.id).looked, patience);
    expect(rooms.call(other.id).history).toBeNull();
    proxy.restore();
    await located(other.id);
    await until('the history is read', () => rooms.call(other.id).history !== null, patience);
    await rooms.settled();
    expect(await matchedCall(number)).toEqual([id, id]);
    expect(await matchedCall(early)).toEqual([other.id]);
    expect(await storedFixes(id)).toHaveLength(2);
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
  expect(await matchedCall(number)).toEqual([]);
  const long = Date.now() / 1_000 - 60;
  for (const { segment } of await journalFiles(first.journalFolder)) {
    await utimes(join(first.journalFolder, segment), long, long);
  }
  const second = await startController(database.url, { stateDir });
  try {
    const { id } = second.arrive({ number });
    await located(id, second);
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
    await located(id, second, 2);
    expect(second.call(id).location.best?.source).toBe('operator');
    await second.settled();
    expect(await storedFixes(id)).toHaveLength(2);
  } finally {
    await second.stop();
  }
});
