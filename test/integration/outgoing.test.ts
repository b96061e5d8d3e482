import { z } from 'zod';
import { createToken } from '../../src/access/token-command.ts';
import type { AriCommands } from '../../src/asterisk/commands.ts';
import type { OutgoingEntry } from '../../src/outgoing/outgoing.ts';
import type { Reservations } from '../../src/outgoing/reservations.ts';
import { startOutgoing, type OutgoingDeps, type OutgoingRoom } from '../../src/outgoing/start.ts';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createPostgres, type Postgres } from '../../src/platform/postgres.ts';
import { writeEntries } from '../../src/records/write.ts';
import { defaultSettings, type Settings } from '../../src/settings/setting.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

const now = (): number => systemClock.now();
const [ani, budi, incident] = [newId(now()), newId(now()), newId(now())];
let database: TestDatabase;
let postgres: Postgres;
let room: OutgoingRoom;
let rooms: Rooms;
let tokens: Record<Role, string>;
let ofAni: string;
const entries: OutgoingEntry[] = [];
let over: Partial<Settings> = {};
let free = true;

/** An Asterisk that does all it is told; its events are told by the tests. */
const obedient: AriCommands = {
  send: () => Promise.resolve({ ok: true, status: 200, body: null }),
  close: () => Promise.resolve(),
};
const line: Reservations = {
  reserve({ callId, target, requestId }) {
    const operatorId = 'operatorId' in target ? target.operatorId : ani;
    if (free) room.reserved(callId, { operatorId, assignmentId: requestId, account: 'op-a' });
    else room.refused(callId, 'busy');
  },
  outcome: () => undefined,
  callersWait: () => false,
  knowsOperator: (id) => id === ani || id === budi,
  isFree: () => free,
};

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  ofAni = (await createToken(database.url, { name: 'ani', role: 'operator', operatorId: ani })).token;
  postgres = connect(4);
  room = startRoom();
  rooms = await startRooms(database.url, { extraRoutes: room.routes });
  await postgres.execute(`insert into incidents (id, opened_at, version, status) values ($1, now(), 1, 'open')`, [
    incident,
  ]);
}, 60_000);

const connect = (max: number): Postgres =>
  createPostgres(database.url, {
    applicationName: 'outgoing',
    logger: createLogger('silent'),
    clock: systemClock,
    max,
  });

const startRoom = (records = postgres, other: Partial<OutgoingDeps> = {}): OutgoingRoom =>
  startOutgoing({
    application: 'siaga-test',
    ari: obedient,
    postgres: records,
    clock: systemClock,
    logger: createLogger('silent'),
    settings: () => ({ ...defaultSettings, outgoingTrunk: { host: '127.0.0.1', port: 5060 }, ...over }),
    held: () => false,
    connected: () => false,
    line,
    callbacks: { nextDue: () => Promise.resolve(null), tried: () => Promise.resolve(), onDue: () => () => undefined },
    callInfoOf: () => Promise.resolve(''),
    leads: true,
    recorded: (entry) => void entries.push(entry),
    alarm: () => undefined,
    refusedInCall: () => undefined,
    synced: () => Promise.resolve(true),
    circleOf: (id) => Promise.resolve(id === incident ? { kind: 'domestic-violence', operatorIds: [ani] } : undefined),
    partiesOutside: () => 0,
    ...other,
  });
afterAll(async () => {
  room.stop();
  await project();
  await rooms.stop();
  await postgres.close();
  await database.drop();
});
afterEach(() => {
  over = {};
  free = true;
});

const place = (body: object, token = tokens.supervisor) => ask(rooms, token, 'POST', '/v1/outgoing-calls', { body });
const get = (path: string, token = tokens.supervisor) => ask(rooms, token, 'GET', path);
/** The journal's entries reach PostgreSQL, twice and in whatever order. */
const project = async (): Promise<void> => {
  const all = entries.splice(0);
  await postgres.transaction((sql) => writeEntries(sql, all));
  await postgres.transaction((sql) => writeEntries(sql, [...all].reverse()));
};
const idOf = (answer: { at: (path: string) => unknown }): string => z.string().parse(answer.at('id'));

test('a call is on record with its incident, its timeline and who made it, once', async () => {
  const answer = await place({ number: '0812 3456 789', incidentId: incident, operatorId: ani });
  expect([answer.status, answer.at('stage'), answer.at('number')]).toEqual([202, 'ringing-operator', '08123456789']);
  const id = idOf(answer);
  const enter = (channelId: string) =>
    room.take({
      type: 'entered',
      channel: {
        id: channelId,
        name: '',
        state: 'Up',
        sipCallId: null,
        callerNumber: null,
        callerName: null,
        dialplanApplication: null,
        variables: {},
      },
      arguments: [],
    });
  expect([enter(`${id}.o1`), enter(`${id}.x1`), enter('other.o1')]).toEqual([true, true, false]);
  expect((await get(`/v1/outgoing-calls/${id}`)).at('stage')).toBe('talking');
  const end = await ask(rooms, tokens.supervisor, 'POST', `/v1/outgoing-calls/${id}/end`);
  expect([end.status, end.at('outcome')]).toEqual([202, 'answered']);
  await project();

  const rows = await postgres.rows(
    z.object({ outcome: z.string(), number: z.string(), incident: z.string(), outside: z.string() }),
    `select outcome, number, incident_id as incident, outside_channel_id as outside from outgoing_calls where id = $1`,
    [id],
  );
  expect(rows).toEqual([{ outcome: 'answered', number: '08123456789', incident, outside: `${id}.x1` }]);
  const lines = await postgres.rows(
    z.object({ type: z.string(), detail: z.record(z.string(), z.unknown()) }),
    'select type, detail from timeline where incident_id = $1 order by at, sequence',
    [incident],
  );
  expect(lines.map(({ type }) => type)).toEqual(['outgoing.ringing-operator', 'outgoing.answered', 'outgoing.ended']);
  expect(JSON.stringify(lines)).not.toContain('8123456789');
  const audit = await postgres.rows(
    z.object({ action: z.string(), role: z.string() }),
    'select action, role from audit where subject = $1 order by action',
    [`outgoing/${id}`],
  );
  expect(audit).toEqual([
    { action: 'outgoing.call', role: 'supervisor' },
    { action: 'outgoing.end', role: 'supervisor' },
  ]);
  const listed = z.object({ items: z.array(z.object({ id: z.string() })) });
  expect(listed.parse((await get(`/v1/outgoing-calls?incidentId=${incident}`)).body)).toEqual({ items: [{ id }] });
});

test('what is refused is answered with its reason, on record, and audited', async () => {
  const cases: [object, Partial<Settings>, number, string][] = [
    [{ number: '08091234567' }, {}, 422, 'outgoing.number-refused'],
    [{ number: '112' }, {}, 422, 'outgoing.number-refused'],
    [{ number: 'damkar' }, {}, 422, 'outgoing.number-malformed'],
    [{ number: '118' }, { outgoingTrunk: null }, 409, 'outgoing.no-trunk'],
    [{ number: '118' }, { outgoingAtOnce: 0 }, 429, 'outgoing.too-many'],
    [{ number: '118' }, { outgoingPerHour: 0 }, 429, 'outgoing.too-many'],
    [{ number: '118', operatorId: newId(now()) }, {}, 422, 'operators.unknown'],
    [{ number: '118', incidentId: newId(now()) }, {}, 404, 'incidents.unknown'],
    [{ number: '1'.repeat(41) }, {}, 400, 'request.invalid'],
  ];
  for (const [body, settings, status, code] of cases) {
    over = settings;
    const answer = await place({ operatorId: budi, ...body });
    expect([body, answer.status, answer.code]).toEqual([body, status, code]);
  }
  over = {};
  free = false;
  const busy = await place({ number: '118', operatorId: budi });
  expect([busy.status, busy.code, busy.at('reason')]).toEqual([409, 'outgoing.operator-not-free', 'busy']);
  await project();
  const audit = await postgres.rows(
    z.object({ reason: z.string() }),
    `select detail->>'reason' as reason from audit where action = 'outgoing.refused' order by id`,
  );
  expect(audit.map(({ reason }) => reason)).toEqual([
    'refused',
    'ourselves',
    'malformed',
    'no-trunk',
    'at-once',
    'per-hour',
  ]);
});

test('one that another controller has under way is told as far as its record tells it', async () => {
  const other: OutgoingEntry[] = [];
  const elsewhere = startRoom(postgres, {
    recorded: (entry) => void other.push(entry),
    line: {
      ...line,
      reserve: ({ callId, requestId }) =>
        elsewhere.reserved(callId, { operatorId: budi, assignmentId: requestId, account: 'op-a' }),
    },
  });
  const dials = async (channelId: string): Promise<string> => {
    elsewhere.dialled({ channelId, account: 'op-a', operatorId: budi, number: '118' });
    await until('it rings', () => elsewhere.owns(channelId) && other.at(-1)?.state.stage === 'ringing');
    return other.at(-1)?.state.id ?? '';
  };
  const answers = (id: string): void => {
    const channel = {
      id,
      name: '',
      state: 'Up',
      sipCallId: null,
      callerNumber: null,
      callerName: null,
      dialplanApplication: null,
      variables: {},
    };
    elsewhere.take({ type: 'entered', channel, arguments: [] });
  };
  const hangsUp = (channelId: string, cause: number): boolean =>
    elsewhere.take({ type: 'destroyed', channelId, cause, causeText: '' });
  const shown = async (id: string): Promise<unknown[]> => {
    await postgres.transaction((sql) => writeEntries(sql, other));
    const [one, list] = [await get(`/v1/outgoing-calls/${id}`), await get('/v1/outgoing-calls?limit=1')];
    expect(list.at('items.0')).toEqual(one.body);
    return [one.at('stage'), one.at('outcome'), one.at('endedAt') !== null];
  };
  try {
    const taken = await dials('desk-2');
    expect(await shown(taken)).toEqual(['ringing', null, false]);
    answers(`${taken}.x1`);
    expect(await shown(taken)).toEqual(['talking', null, false]);
    hangsUp(`${taken}.x1`, 16);
    expect(await shown(taken)).toEqual(['ended', 'answered', true]);
    // The operator is told that nobody takes it, and then it is over.
    const refused = await dials('desk-3');
    hangsUp(`${refused}.x1`, 17);
    expect(await shown(refused)).toEqual(['closing', 'busy', false]);
    hangsUp('desk-3', 16);
    expect(await shown(refused)).toEqual(['ended', 'busy', true]);
  } finally {
    elsewhere.stop();
  }
});

test("an operator's token makes, sees and ends its own operator's calls only", async () => {
  const mine = await place({ number: '118' }, ofAni);
  expect([mine.status, mine.at('operatorId')]).toEqual([202, ani]);
  const theirs = await place({ number: '118', operatorId: budi });
  expect((await place({ number: '118', operatorId: budi }, ofAni)).code).toBe('outgoing.not-yours');
  expect((await get(`/v1/outgoing-calls/${idOf(theirs)}`, ofAni)).code).toBe('outgoing.not-yours');
  const end = await ask(rooms, ofAni, 'POST', `/v1/outgoing-calls/${idOf(theirs)}/end`);
  expect([end.status, end.code]).toEqual([403, 'outgoing.not-yours']);
  await project();
  const listed = z
    .object({ items: z.array(z.object({ operatorId: z.string() })) })
    .parse((await get('/v1/outgoing-calls', ofAni)).body);
  expect(new Set(listed.items.map(({ operatorId }) => operatorId))).toEqual(new Set([ani]));
  for (const call of [mine, theirs]) await ask(rooms, tokens.admin, 'POST', `/v1/outgoing-calls/${idOf(call)}/end`);
});

test('roles: an auditor reads and calls nobody; a confidential incident is for those on its call', async () => {
  expect((await place({ number: '118', operatorId: ani }, tokens.auditor)).status).toBe(403);
  expect((await get('/v1/outgoing-calls', tokens.auditor)).status).toBe(200);
  expect((await place({ number: '118', operatorId: ani })).status).toBe(202);
  expect((await place({ number: '118' })).code).toBe('outgoing.operator-missing');
});

test('the calls of an operator in an hour are counted', () => {
  over = { outgoingPerHour: 1_000, outgoingAtOnce: 100 };
  const before = room.resolveNumber(budi, '0812 3456 789');
  expect(before).toMatchObject({ allowed: true, number: '08123456789', uri: 'sip:08123456789@127.0.0.1:5060' });
  over = { outgoingPerHour: 1, outgoingAtOnce: 100 };
  expect(room.resolveNumber(budi, '0812 3456 789')).toEqual({ allowed: false, reason: 'per-hour' });
});

test('a number dialled on a phone belongs to the incident that its operator talked about last', async () => {
  over = { outgoingAtOnce: 100, outgoingPerHour: 100 };
  room.dialled({ channelId: 'desk-1', account: 'op-a', operatorId: budi, number: '118' });
  await until('it is here', () => room.owns('desk-1'));
  expect(entries.at(-1)?.state).toMatchObject({ incidentId: null, stage: 'ringing' });
  const desk = entries.at(-1)?.state.id ?? '';
  room.dialled({ channelId: 'desk-1', account: 'op-a', operatorId: budi, number: '118' });
  expect(entries.at(-1)?.state.id).toBe(desk);
});

test.each([true, false])('a call-back rings who asked for it if he is free (%s), and else anybody', async (isFree) => {
  const targets: unknown[] = [];
  let listed = true;
  const due = { id: newId(now()), callId: newId(now()), incidentId: incident, number: '0812 345', askedBy: budi };
  const own = startRoom(postgres, {
    line: { ...line, isFree: (id) => id === budi && isFree, reserve: ({ target }) => targets.push(target) },
    callbacks: {
      nextDue: () => Promise.resolve(listed ? due : null).finally(() => (listed = false)),
      tried: () => Promise.resolve(),
      onDue: (fn) => {
        setImmediate(fn);
        return () => undefined;
      },
    },
    connected: () => true,
    recorded: () => undefined,
  });
  over = { callbackOperators: 1 };
  try {
    await until('an operator is asked for', () => targets.length > 0);
    expect(targets).toEqual([isFree ? { operatorId: budi } : { any: true }]);
  } finally {
    own.stop();
  }
});

test("a restart begins nobody's hour anew: what is on record counts, once", async () => {
  const [dialled, refused, consulted, callId] = [newId(now()), newId(now()), newId(now()), newId(now())];
  const citra = newId(now());
  const outgoing = `insert into outgoing_calls (id, operator_id, number, purpose, began_at, outcome, sequence)
    values ($1, $2, '08123', 'dial-out', now() - interval '59 minutes', $3, 1)`;
  await postgres.execute(outgoing, [dialled, citra, 'answered']);
  await postgres.execute(outgoing, [refused, citra, 'refused']);
  await postgres.execute(
    `insert into calls (id, incident_id, node, channel_id, arrived_at, stage, recorded_by, claimed_at, sequence)
     values ($1, $2, 'test', 'restart', now() - interval '10 minutes', 'ended', 'controller', 1, 1)`,
    [callId, incident],
  );
  await postgres.execute(
    `insert into timeline (call_id, incident_id, claimed_at, sequence, position, at, type, detail)
     values ($1, $2, 1, 7, 0, now() - interval '9 minutes', 'party.requested', $3)`,
    [callId, incident, JSON.stringify({ partyId: consulted, number: '08124', by: citra, purpose: 'consult' })],
  );
  // With one connection, what is asked next is answered after the record was read.
  const records = connect(1);
  const again = startRoom(records);
  try {
    await records.execute('select');
    over = { outgoingPerHour: 3, outgoingAtOnce: 100 };
    const verdicts = [1, 2].map(() => again.resolveNumber(citra, '0812 3456 789'));
    expect(verdicts).toMatchObject([{ allowed: true }, { allowed: false, reason: 'per-hour' }]);
  } finally {
    again.stop();
    await records.close();
  }
});
