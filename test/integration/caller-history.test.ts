import { jest } from '@jest/globals';
import { callDetailView, type CallDetailView } from '../../src/calls/view.ts';
import type { Role } from '../../src/platform/auth.ts';
import { arrive, newImei, newNumber, past } from '../support/callers.ts';
import { startController, type ControllerRooms } from '../support/controller-rooms.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask } from '../support/rest.ts';
import { makeTokens } from '../support/tokens.ts';

jest.setTimeout(120_000);

let database: TestDatabase;
let rooms: ControllerRooms;
let tokens: Record<Role, string>;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startController(database.url);
});
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

const detail = async (callId: string): Promise<CallDetailView> =>
  callDetailView.parse((await ask(rooms, tokens.admin, 'GET', `/v1/calls/${callId}`)).body);

async function end(callId: string): Promise<void> {
  rooms.hangUp(callId);
  await rooms.gone(callId);
}

test('by the number and by the phone, the newest first, each call once and with what it was', async () => {
  const [number, imei] = [newNumber(), newImei()];
  const both = await past(rooms, { number, imei }, { minutes: 10, kind: 'fire', disposition: 'normal' });
  const byPhone = await past(rooms, { number: newNumber(), imei }, { minutes: 20 });
  const byNumber = await past(rooms, { number }, { minutes: 30, kind: 'flood' });
  const unsaid = await past(rooms, { imei }, { minutes: 40 });
  await past(rooms, { number: newNumber(), imei: newImei() });
  const expected = [
    { callId: both.id, incidentId: both.incidentId, linkedBy: 'number', kind: 'fire', disposition: 'normal' },
    { callId: byPhone.id, linkedBy: 'imei', kind: null, outcome: 'answered' },
    { callId: byNumber.id, linkedBy: 'number', kind: 'flood' },
    { callId: unsaid.id, linkedBy: 'imei' },
  ];
  const id = await arrive(rooms, { number, imei });
  const { history, identity } = await detail(id);
  expect(identity).toMatchObject({ number, imei });
  expect(history?.calls).toMatchObject(expected);
  expect(history).toMatchObject({ nonUnique: [] });
  await end(id);
  expect((await detail(id)).history).toEqual(history);
  const onlyPhone = await arrive(rooms, { imei });
  expect((await detail(onlyPhone)).history?.calls.map(({ callId }) => callId)).toContain(byPhone.id);
});

test('is of earlier calls only, also when it is read later', async () => {
  const number = newNumber();
  const before = await past(rooms, { number });
  const id = await arrive(rooms, { number });
  await end(id);
  rooms.ahead(60_000);
  const later = await arrive(rooms, { number });
  expect((await detail(later)).history?.calls.map(({ callId }) => callId)).toEqual([id, before.id]);
  expect((await detail(id)).history?.calls.map(({ callId }) => callId)).toEqual([before.id]);
});

test('is twenty calls at most', async () => {
  const [number, imei] = [newNumber(), newImei()];
  const calls: string[] = [];
  for (let minutes = 50; minutes > 0; minutes -= 2) {
    calls.unshift((await past(rooms, minutes % 4 === 0 ? { number } : { imei }, { minutes })).id);
  }
  const id = await arrive(rooms, { number, imei });
  expect((await detail(id)).history?.calls.map(({ callId }) => callId)).toEqual(calls.slice(0, 20));
});

test('a number of six phones names nobody; its phones still do', async () => {
  const number = newNumber();
  const imeis = Array.from({ length: 6 }, newImei);
  for (const imei of imeis.slice(0, 4)) await past(rooms, { number, imei });
  const fifth = await arrive(rooms, { number, imei: imeis[4] });
  expect((await detail(fifth)).history).toMatchObject({ nonUnique: [] });
  expect((await detail(fifth)).history?.calls).toHaveLength(4);
  await end(fifth);
  const sixth = await arrive(rooms, { number, imei: imeis[5] });
  // Whether or not PostgreSQL has this call already: itself it counts.
  expect(rooms.call(sixth).history).toMatchObject({ nonUnique: ['number'] });
  expect((await detail(sixth)).history).toEqual({ calls: [], nonUnique: ['number'] });
  // On record: it counts for the next one.
  await end(sixth);
  const again = await arrive(rooms, { number, imei: imeis[0] });
  expect((await detail(again)).history).toMatchObject({ nonUnique: ['number'], calls: [{ linkedBy: 'imei' }] });
});

test('a phone with six numbers links nothing; its numbers still do', async () => {
  const imei = newImei();
  const numbers = Array.from({ length: 6 }, newNumber);
  for (const number of numbers.slice(0, 5)) await past(rooms, { number, imei });
  const sixth = await arrive(rooms, { number: numbers[5], imei });
  expect(rooms.call(sixth).history).toMatchObject({ nonUnique: ['imei'] });
  expect((await detail(sixth)).history).toEqual({ calls: [], nonUnique: ['imei'] });
  // On record: it counts for the next one.
  await end(sixth);
  const again = await arrive(rooms, { number: numbers[0], imei });
  expect((await detail(again)).history).toMatchObject({ nonUnique: ['imei'], calls: [{ linkedBy: 'number' }] });
});

test('a caller without number and phone has none, and a number that networks put in links nothing', async () => {
  for (const caller of [{}, { number: '0000000000' }]) {
    for (let n = 0; n < 2; n += 1) {
      const id = await arrive(rooms, caller);
      expect((await detail(id)).history).toEqual({ calls: [], nonUnique: [] });
      await end(id);
      expect((await detail(id)).history).toEqual({ calls: [], nonUnique: [] });
    }
  }
});

test('also of a call that no controller saw', async () => {
  const number = newNumber();
  const before = await past(rooms, { number });
  const cel = await past(rooms, { number }, { minutes: 5 });
  await rooms.database.execute(
    `update calls set recorded_by = 'cel', caller_number = $2, identity = null where id = $1`,
    [cel.id, number.replace('+62', '0')],
  );
  expect((await detail(cel.id)).history?.calls.map(({ callId }) => callId)).toEqual([before.id]);
});
