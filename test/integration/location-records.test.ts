import { z } from 'zod';
import type { CallEntry } from '../../src/calls/runner.ts';
import { readLocation } from '../../src/location/fix-store.ts';
import type { Sighting } from '../../src/location/fix.ts';
import { emptyAmlMessage } from '../../src/location/aml/aml.ts';
import { receivedAml } from '../../src/location/aml/aml-received.ts';
import { fixOf, nowhere, receive, type CallLocation } from '../../src/location/location.ts';
import { addToStoredCall } from '../../src/location/stored-call.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import type { Entry } from '../../src/records/entry.ts';
import { writeEntries } from '../../src/records/write.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { middle } from '../support/citizen-location.ts';
import { allRows, at, callEntry, emptyTables, idOf, loggedCall } from '../support/records.ts';

let database: TestDatabase;
let postgres: Postgres;

beforeAll(async () => {
  database = await createDatabase();
  postgres = createPostgres(database.url, {
    applicationName: 'siaga-test',
    logger: createLogger('silent'),
    clock: systemClock,
    max: 4,
  });
});
afterAll(async () => {
  await postgres.close();
  await database.drop();
});
beforeEach(async () => {
  await emptyTables(postgres);
  await postgres.execute('truncate location_fixes, aml_messages');
});

const write = (...entries: Entry[]) => postgres.transaction((sql) => writeEntries(sql, entries));

function fixAt(call: number, radius: number, over: Partial<Sighting> = {}) {
  const shape = { type: 'circle', centre: middle, radius } as const;
  const sighting = { method: 'GPS', shape, civic: null, confidence: null, at: null, ...over };
  const key = { callId: idOf('call', call), arrivedAt: at };
  return fixOf(key, 'aml-https', sighting, { receivedAt: at + radius, place: null });
}

function location(call: number, ...radii: number[]): CallLocation {
  const unusable = radii.map((radius) => ({ source: 'aml-https', reason: `reason ${radius}` }));
  return receive(nowhere, { fixes: radii.map((radius) => fixAt(call, radius)), unusable }, at).location;
}

/** An entry of a call that was told of positions with these radii. */
function told(call: number, sequence: number, radii: number[], over: { claimed?: number; ended?: boolean } = {}) {
  const entry = callEntry(call, sequence, over);
  return { ...entry, state: { ...entry.state, location: location(call, ...radii) } };
}

async function rows(): Promise<Record<string, string[]>> {
  const text = z.object({ row: z.string() });
  const more: Record<string, string[]> = {};
  for (const table of ['location_fixes', 'aml_messages']) {
    const found = await postgres.rows(text, `select row(one.*)::text as row from ${table} as one order by 1`);
    more[table] = found.map(({ row }) => row);
  }
  return { ...(await allRows(postgres)), ...more };
}
const call1 = (): Promise<CallLocation | null> => readLocation(postgres, idOf('call', 1));
const radii = async (): Promise<number[]> =>
  ((await call1())?.fixes ?? []).map(({ shape }) => (shape?.type === 'circle' ? shape.radius : -1));

const aml = (n: number): Entry => {
  const message = { ...emptyAmlMessage, sender: `+628120000${n}` };
  return { kind: 'aml', aml: receivedAml('https', message, `message ${n}`, at + n) };
};
const digestOf = (entry: Entry): string => (entry.kind === 'aml' ? entry.aml.digest : '');
const located = (entry: CallEntry, message: Entry): CallEntry => ({
  ...entry,
  input: { type: 'located', at, received: { fixes: [], unusable: [] }, aml: digestOf(message) },
});

describe('the same rows', () => {
  const first = aml(1);
  const journal: Entry[] = [
    first,
    told(1, 1, []),
    located(told(1, 2, [50]), first),
    aml(2),
    told(2, 1, [10]),
    located(told(1, 3, [50, 20]), aml(2)),
    loggedCall(3),
    told(1, 4, [50, 20], { ended: true }),
  ];

  test('whether it is projected at once, one by one, or twice', async () => {
    await write(...journal);
    const once = await rows();
    expect(once['location_fixes']).toHaveLength(3);
    expect(once['aml_messages']).toHaveLength(2);
    await write(...journal);
    expect(await rows()).toEqual(once);
    for (const entry of journal) await write(entry);
    expect(await rows()).toEqual(once);
    await emptyTables(postgres);
    await postgres.execute('truncate location_fixes, aml_messages');
    for (const entry of journal) await write(entry);
    expect(await rows()).toEqual(once);
  });
});

describe('no fix is ever lost', () => {
  test('with an older state that comes later, nor is the best of all overlooked', async () => {
    const newer = told(1, 1, [60, 70], { claimed: 1 });
    const older = told(1, 5, [60, 5]);
    await write(newer);
    expect((await call1())?.best?.radius).toBe(60);
    await write(older);
    expect(await radii()).toEqual([5, 60, 70]);
    expect((await call1())?.best?.radius).toBe(5);
    const late = await rows();
    await emptyTables(postgres);
    await postgres.execute('truncate location_fixes');
    await write(older);
    await write(newer);
    expect(await radii()).toEqual([5, 60, 70]);
    expect((await rows())['calls']).toEqual(late['calls']);
  });

  test('in a batch in which only the newest state is written', async () => {
    await write(told(1, 5, [60, 5]), told(1, 1, [60, 70], { claimed: 1 }));
    expect(await radii()).toEqual([5, 60, 70]);
  });

  test('when a state comes after somebody has added to the stored call', async () => {
    await write(told(1, 1, [60]));
    const received = { fixes: [fixAt(1, 3)], unusable: [{ source: 'operator', reason: 'added' }] };
    const merged = await postgres.transaction((sql) => addToStoredCall(sql, idOf('call', 1), received, at));
    expect(merged?.location.best?.radius).toBe(3);
    await write(told(1, 2, [60, 40]));
    expect(await radii()).toEqual([3, 40, 60]);
    expect((await call1())?.best?.radius).toBe(3);
  });

  test('nor changed: PostgreSQL itself refuses', async () => {
    await write(told(1, 1, [60]));
    for (const change of [`content = '{}'`, 'received_at = now()', 'call_id = call_id']) {
      await expect(postgres.execute(`update location_fixes set ${change}`)).rejects.toThrow(/append-only/);
    }
    // Nor by the same id with other words.
    const state = told(1, 2, []).state;
    const forged = { ...fixAt(1, 60), shape: null };
    await write({ ...told(1, 2, []), state: { ...state, location: { ...state.location, fixes: [forged] } } });
    expect(await radii()).toEqual([60]);
  });

  test('two who add at the same moment wait for each other', async () => {
    await write(told(1, 1, [60]));
    const add = (radius: number) => {
      const received = { fixes: [fixAt(1, radius)], unusable: [{ source: 'x', reason: `added ${radius}` }] };
      return postgres.transaction((sql) => addToStoredCall(sql, idOf('call', 1), received, at));
    };
    await Promise.all([30, 20, 10, 40].map(add));
    expect(await radii()).toEqual([10, 20, 30, 40, 60]);
    const stored = await call1();
    expect(stored?.best?.radius).toBe(10);
    expect(stored?.unusable).toHaveLength(5);
  });

  test('a call that is not there takes none', async () => {
    const received = { fixes: [fixAt(1, 1)], unusable: [] };
    expect(await postgres.transaction((sql) => addToStoredCall(sql, idOf('call', 1), received, at))).toBeNull();
  });
});

describe('what PostgreSQL does not take', () => {
  const nasty = 'a\0b \\u0000 \\ud800 \ud83d "\\';
  const civic = { text: nasty, RD: nasty };

  test('is stored without it, in fixes, headers, names and reasons, and costs no record', async () => {
    const { state, ...entry } = told(1, 1, []);
    const fix = { ...fixAt(1, 9, { civic }), detail: { by: nasty, ['k\0']: nasty } };
    const unusable = [{ source: nasty, reason: nasty }];
    const locations = receive(nowhere, { fixes: [fix], unusable }, at).location;
    const origin = { ...state.origin, headers: { From: nasty }, callerName: nasty, sipCallId: nasty, carrier: nasty };
    await write({ ...entry, state: { ...state, origin, location: locations } });
    const clean = 'ab \\u0000 \\ud800 \ufffd "\\';
    const stored = await call1();
    expect(stored?.fixes).toMatchObject([{ civic: { text: clean }, detail: { by: clean, k: clean } }]);
    expect(stored?.best?.address).toBe(clean);
    // Reasons are for people's eyes, and are made fit for them.
    expect(stored?.unusable).toMatchObject([{ source: clean, reason: 'a b \\u0000 \\ud800 "\\' }]);
    const row = z.object({ headers: z.record(z.string(), z.string()), caller_name: z.string() });
    expect(await postgres.first(row, 'select headers, caller_name from calls')).toEqual({
      headers: { From: clean },
      caller_name: clean,
    });
  });

  test('an address that is cut in the middle of a character', async () => {
    const { state, ...entry } = told(1, 1, []);
    const long = { RD: 'x'.repeat(495), HNO: '😀😀😀😀😀' };
    const locations = receive(nowhere, { fixes: [fixAt(1, 9, { civic: long })], unusable: [] }, at).location;
    await write({ ...entry, state: { ...state, location: locations } });
    expect((await call1())?.best?.address).toContain('xxx, 😀');
  });

  test('a message of a phone', async () => {
    const message = { ...emptyAmlMessage, deviceModel: nasty, floor: nasty, unusable: [nasty] };
    await write({ kind: 'aml', aml: receivedAml('sms', message, 'x', at) });
    expect((await rows())['aml_messages']).toHaveLength(1);
  });
});

test('a call that no controller saw has the number that links it to others; what a controller says counts', async () => {
  const number = z.object({ e164: z.string().nullable() });
  const read = () => postgres.rows(number, 'select e164 from calls order by id');
  await write(loggedCall(1, { callerNumber: '081234567890' }));
  expect(await read()).toEqual([{ e164: '+6281234567890' }]);
  const { state, ...entry } = told(1, 1, []);
  const seen = { ...entry, state: { ...state, identity: { ...state.identity, number: '+62899' } } };
  await write(seen);
  await write(loggedCall(1, { callerNumber: '081234567890' }));
  expect(await read()).toEqual([{ e164: '+62899' }]);
  await emptyTables(postgres);
  await write(seen, loggedCall(1, { callerNumber: '081234567890' }), loggedCall(2, { callerNumber: 'anonymous' }));
  expect(await read()).toEqual([{ e164: '+62899' }, { e164: null }]);
});
