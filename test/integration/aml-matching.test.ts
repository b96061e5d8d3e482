import { jest } from '@jest/globals';
import { printElsForm } from '../../src/location/aml/aml-https.ts';
import type { Role } from '../../src/platform/auth.ts';
import { amlKey, amlText, els, elsFields, postForm } from '../support/aml-sender.ts';
import { located, matchedCalls, newImei, newNumber, patience, sources, storedFixes } from '../support/callers.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

jest.setTimeout(120_000);

let database: TestDatabase;
let tokens: Record<Role, string>;
let rooms: ControllerRooms;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startController(database.url, { amlKey });
});
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

const send = (number: string, over: Record<string, string> = {}): Promise<number> =>
  els(rooms.base, { device_number: number, ...over });
const sms = (body: object) => ask(rooms, tokens.gateway, 'POST', '/v1/locations/aml/sms', { body });
const detail = (callId: string) => ask(rooms, tokens.admin, 'GET', `/v1/calls/${callId}`);
/** Those that came have been offered to calls: one that came after them has found its own. */
const offered = async (): Promise<void> => {
  const number = newNumber();
  const { id } = rooms.arrive({ number });
  await send(number);
  await located(rooms, id);
};
/** From now on messages are given to calls that had ended by now. */
const sweepDue = (): void => rooms.ahead(16_000);
/** They have been given: the oldest message goes first, and one that came after the others has been given to its call. */
const swept = async (): Promise<void> => {
  const number = newNumber();
  const { id } = rooms.arrive({ number });
  rooms.hangUp(id);
  await rooms.gone(id);
  await send(number);
  await rooms.settled();
  sweepDue();
  await until('they are given', async () => (await storedFixes(rooms.database, id)).length === 1, patience);
};

describe('a message finds its call', () => {
  test('before it: it waits, and is found at the arrival', async () => {
    const number = newNumber();
    await send(number);
    await rooms.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([null]);
    rooms.ahead(299_000);
    const { id } = rooms.arrive({ number });
    await located(rooms, id);
    await rooms.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([id]);
  });

  test('before it, when another process took it long ago: it is found in PostgreSQL', async () => {
    const number = newNumber();
    const other = await startController(database.url, { amlKey });
    await els(other.base, { device_number: number });
    await other.stop();
    const late = await startController(database.url);
    try {
      const { id } = late.arrive({ number });
      await located(late, id);
    } finally {
      await late.stop();
    }
  });

  test('during it, also when the call has lasted longer than the window', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    await send(number);
    await located(rooms, id);
    rooms.ahead(3_600_000);
    await send(number, { location_accuracy: '5' });
    await located(rooms, id, 2);
    expect(rooms.call(id).location.best?.radius).toBe(5);
    await rooms.settled();
    expect(await matchedCalls(rooms.database, number)).toEqual([id, id]);
  });

  test('right after its end, while it is still in memory', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    rooms.hangUp(id);
    expect(rooms.call(id).endedAt).not.toBeNull();
    await send(number);
    await located(rooms, id);
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
    expect(await storedFixes(rooms.database, id)).toEqual([]);
    sweepDue();
    await until('it has both', async () => (await storedFixes(rooms.database, id)).length === 2, patience);
    await until(
      'it is noted',
      async () => (await matchedCalls(rooms.database, number)).every((callId) => callId === id),
      patience,
    );
    const answer = await detail(id);
    expect(answer.at('bestFix')).toMatchObject({ source: 'aml-https', radius: 15 });
    expect(answer.pluck('location.unusable', 'reason')).toEqual([
      'latitude and longitude are both exactly 0, which devices send when they know no location',
    ]);
    expect(rooms.events.filter(({ type, callId }) => type === 'location.added-later' && callId === id)).not.toEqual([]);
    const told = rooms.events.length;
    await swept();
    expect(
      rooms.events.slice(told).filter(({ type, callId }) => type === 'location.added-later' && callId === id),
    ).toEqual([]);
  });

  test('many at once, of one ended call: each is kept, and the best is the best of all', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number });
    rooms.hangUp(id);
    await rooms.gone(id);
    rooms.ahead(20_000);
    for (const radius of [3, 90, 80, 70, 60]) await send(number, { location_accuracy: String(radius) });
    await rooms.settled();
    sweepDue();
    await until('it has all', async () => (await storedFixes(rooms.database, id)).length === 5, patience);
    expect((await detail(id)).at('bestFix.radius')).toBe(3);
  });

  test('by the number in its national form', async () => {
    const number = newNumber();
    const { id } = rooms.arrive({ number: number.replace('+62', '0') });
    const from = number.replace('+62', '62');
    expect((await sms({ from, text: amlText({ lc: '51' }) })).status).toBe(202);
    expect((await sms({ from: number.replace('+62', '0'), text: amlText({ lc: '52' }) })).status).toBe(202);
    await located(rooms, id, 2);
  });

  test('by the IMEI alone, of whatever length', async () => {
    const imei = newImei();
    const { id } = rooms.arrive({ imei });
    expect(rooms.call(id).identity).toMatchObject({ number: null, imei });
    await sms({ text: amlText({ ei: imei }) });
    await sms({ text: amlText({ ei: `${imei.slice(0, 14)}42`, lc: '51' }) });
    await els(rooms.base, { device_number: '', device_imei: imei.slice(0, 14) });
    await located(rooms, id, 3);
    expect(sources(rooms, id).sort()).toEqual(['aml-https', 'aml-sms', 'aml-sms']);
  });

  test('by the IMEI of a phone for which the network has put in a number', async () => {
    const imei = newImei();
    const { id } = rooms.arrive({ number: '0000000000', imei });
    expect(rooms.call(id).identity.notCallable).toBe('placeholder');
    await sms({ from: newNumber(), text: amlText({ ei: imei }) });
    await located(rooms, id);
  });

  test('two calls of one number, the second a redial: both get it', async () => {
    const number = newNumber();
    const first = rooms.arrive({ number });
    const second = rooms.arrive({ number });
    await send(number);
    await located(rooms, first.id);
    await located(rooms, second.id);
  });

  test('and the first gets it too when it is in PostgreSQL only', async () => {
    const number = newNumber();
    const first = rooms.arrive({ number });
    rooms.hangUp(first.id);
    await rooms.gone(first.id);
    const second = rooms.arrive({ number });
    await send(number);
    await located(rooms, second.id);
    await rooms.settled();
    sweepDue();
    await until('the first has it', async () => (await storedFixes(rooms.database, first.id)).length === 1, patience);
    expect(await matchedCalls(rooms.database, number)).toEqual([second.id]);
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
    expect(await storedFixes(rooms.database, id)).toEqual([]);
    expect(await matchedCalls(rooms.database, number)).toEqual([null]);
  });

  test('two numbers that differ decide, whatever the IMEI says, live and stored', async () => {
    const imei = newImei();
    const number = newNumber();
    const { id } = rooms.arrive({ number: newNumber(), imei });
    await els(rooms.base, { device_number: number, device_imei: imei });
    await rooms.settled();
    await offered();
    expect(sources(rooms, id)).toEqual([]);
    rooms.hangUp(id);
    await rooms.gone(id);
    await swept();
    expect(await storedFixes(rooms.database, id)).toEqual([]);
    expect(await matchedCalls(rooms.database, number)).toEqual([null]);
  });

  test('a message that names nobody finds nobody', async () => {
    const { id } = rooms.arrive();
    await els(rooms.base, { device_number: '' });
    await els(rooms.base, { device_number: '', device_imei: '000000000000000' });
    await offered();
    expect(sources(rooms, id)).toEqual([]);
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
    // The first may still be compared with what PostgreSQL has.
    await located(rooms, id);
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
    expect([sources(rooms, id), reasons(id)]).toEqual([[], [again]]);
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
      expect([sources(other, id), reasons(id, other)]).toEqual([[], [again]]);
    } finally {
      await other.stop();
    }
  });
});
