import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { createToken } from '../../src/access/token-command.ts';
import { openIncident } from '../../src/incidents/incident.ts';
import { incidentNumber } from '../../src/incidents/incident-number.ts';
import type { Role } from '../../src/platform/auth.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { newId } from '../../src/platform/ids.ts';
import { encodeCursor } from '../../src/platform/paging.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { startLiveRooms, type LiveRooms } from '../support/live-rooms.ts';
import { ask, until } from '../support/rest.ts';
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { makeTokens } from '../support/tokens.ts';

const operatorId = newId(systemClock.now());
let database: TestDatabase;
let proxy: TcpProxy;
let rooms: LiveRooms;
let tokens: Record<Role | 'on', string>;
let stored = 0;

beforeAll(async () => {
  database = await createDatabase();
  const on = await createToken(database.url, { role: 'operator', name: 'on the call', operatorId });
  tokens = { ...(await makeTokens(database.url)), on: on.token };
  proxy = await tcpProxy(database.url);
  rooms = await startLiveRooms(proxy.url(database.url));
});
afterAll(async () => {
  await rooms.stop();
  await proxy.close();
  await database.drop();
});

/** An incident in the record, with a call on which the operator talked unless told. */
async function store(kind: string | null, withCall = true): Promise<{ id: string; callId: string }> {
  const [id, callId] = [newId(systemClock.now()), newId(systemClock.now())];
  const incident = `insert into incidents (id, opened_at, version, status, kind) values ($1, now(), 1, 'open', $2)`;
  await rooms.postgres.execute(incident, [id, kind]);
  stored += 1;
  const call = `insert into calls (id, incident_id, node, channel_id, arrived_at, stage, recorded_by, caller_number, operator_id, claimed_at, sequence)
    values ($1, $2, 'test', $3, now(), 'ended', 'controller', '0761-112', $4, 1, 1)`;
  if (withCall) await rooms.postgres.execute(call, [callId, id, `c-${stored}`, operatorId]);
  return { id, callId };
}

const get = (who: Role | 'on', path: string) => ask(rooms, tokens[who], 'GET', path);
const patch = (id: string, body: object, version: number, who: Role | 'on' = 'supervisor') =>
  ask(rooms, tokens[who], 'PATCH', `/v1/incidents/${id}`, { body, headers: { 'if-match': `"${version}"` } });

describe('two who edit the same version', () => {
  const both = async (id: string) => {
    const answers = await Promise.all(['low', 'high'].map((severity) => patch(id, { severity }, 1)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
    expect((await get('admin', `/v1/incidents/${id}`)).at('version')).toBe(2);
  };

  test('one is refused, in the record', async () => {
    for (let round = 0; round < 5; round += 1) await both((await store('fire')).id);
  });

  test('and in a live call', async () => both(rooms.open().incident.id));

  test('an edit without If-Match changes nothing', async () => {
    const { id } = await store(null);
    const body = { severity: 'low' };
    for (const one of [id, rooms.open().incident.id]) {
      expect((await ask(rooms, tokens.admin, 'PATCH', `/v1/incidents/${one}`, { body })).status).toBe(428);
      expect((await get('admin', `/v1/incidents/${one}`)).at('severity')).toBeNull();
    }
  });
});

describe('a call that was given back to the human path', () => {
  /** As it is here, and on record as whoever claimed him next has left it. */
  async function givenBack(version: number) {
    const { id, callId } = await store('domestic-violence');
    await rooms.postgres.execute('update incidents set version = $2 where id = $1', [id, version]);
    const [at, outcome] = [systemClock.now(), 'returned' as const];
    const incident = { ...openIncident(id, at), version: 2 };
    return rooms.open({ id: callId, incident, stage: 'returned', outcome, endedAt: at, talked: [operatorId] });
  }

  test('hides nothing that was done about him since, and shows nobody what was found to be confidential', async () => {
    const { id, incident } = await givenBack(5);
    const [calls, incidents] = [await get('operator', '/v1/calls'), await get('operator', '/v1/incidents')];
    expect(calls.pluck('items', 'id')).not.toContain(id);
    expect(incidents.pluck('items', 'id')).not.toContain(incident.id);
    for (const one of [`/v1/calls/${id}`, `/v1/incidents/${incident.id}`]) {
      expect((await get('operator', one)).status).toBe(403);
    }
    expect((await get('on', `/v1/incidents/${incident.id}`)).body).toMatchObject({
      kind: 'domestic-violence',
      version: 5,
    });
  });

  test('takes no edit: that is kept with what was done since', async () => {
    const { incident } = await givenBack(5);
    const options = { body: { text: 'di belakang pasar' } };
    const noted = await ask(rooms, tokens.on, 'POST', `/v1/incidents/${incident.id}/notes`, options);
    expect([noted.status, noted.at('version')]).toEqual([201, 6]);
    expect((await patch(incident.id, { severity: 'high' }, 6)).status).toBe(200);
    const kept = z.object({ version: z.number(), severity: z.string(), notes: z.array(z.unknown()) });
    const [row] = await rooms.postgres.rows(kept, 'select * from incidents where id = $1', [incident.id]);
    expect(row).toMatchObject({ version: 7, severity: 'high', notes: [expect.anything()] });
  });

  test('until what it said last is on record an edit is refused: it would take its place', async () => {
    const { incident } = await givenBack(1);
    const refused = await patch(incident.id, { severity: 'high' }, 1);
    expect([refused.status, refused.code]).toEqual([503, 'database.unavailable']);
    await rooms.postgres.execute('update incidents set version = 2 where id = $1', [incident.id]);
    expect((await patch(incident.id, { severity: 'high' }, 2)).status).toBe(200);
  });
});

test('an incident that no call reported has a timeline too', async () => {
  const { id } = await store(null, false);
  await patch(id, { kind: 'flood' }, 1);
  await ask(rooms, tokens.admin, 'POST', `/v1/incidents/${id}/notes`, { body: { text: 'Water falls.' } });
  const { body } = await get('auditor', `/v1/incidents/${id}/timeline`);
  expect(body).toMatchObject({
    items: [
      { type: 'incident.changed', callId: null, detail: { changed: 'kind', kind: 'flood' } },
      { type: 'incident.changed', callId: null, detail: { changed: 'note' } },
    ],
  });
});

const cases: [Role | 'on', number, number][] = [
  ['admin', 200, 200],
  ['supervisor', 200, 200],
  ['on', 200, 200],
  ['operator', 403, 403],
  // He sees that there was a call, and not who called.
  ['auditor', 403, 200],
];

describe.each(['stored', 'live'])('a confidential incident, %s', (where) => {
  let id: string;
  let callId: string;
  beforeAll(async () => {
    if (where === 'stored') ({ id, callId } = await store('domestic-violence'));
    else
      ({
        id: callId,
        incident: { id },
      } = rooms.open({ kind: 'domestic-violence', talked: [operatorId] }));
  });

  test.each(cases)('for %s', async (who, incident, call) => {
    for (const path of ['', '/timeline', '/decisions']) {
      expect((await get(who, `/v1/incidents/${id}${path}`)).status).toBe(incident);
    }
    const one = await get(who, `/v1/calls/${callId}`);
    expect(one.status).toBe(call);
    if (call === 200) expect(one.at('callerNumber') === null).toBe(who === 'auditor');
    const list = await get(who, where === 'live' ? '/v1/calls?live=true' : '/v1/calls');
    expect(list.pluck('items', 'id').includes(callId)).toBe(call === 200);
    if (where === 'stored') {
      expect((await get(who, '/v1/incidents')).pluck('items', 'id').includes(id)).toBe(incident === 200);
    }
    if (who === 'auditor') return;
    expect((await get(who, `/v1/calls/${callId}/timeline`)).status).toBe(call);
    if (who !== 'operator') return;
    expect((await patch(id, { kind: 'fire' }, 1, who)).code).toBe('incidents.confidential');
    const body = { text: 'Who is it?' };
    expect((await ask(rooms, tokens[who], 'POST', `/v1/incidents/${id}/notes`, { body })).status).toBe(403);
    // One that is over is nobody's to end.
    const ended = await ask(rooms, tokens[who], 'POST', `/v1/calls/${callId}/end`);
    expect(ended.code).toBe(where === 'live' ? 'calls.not-yours' : 'calls.not-live');
  });

  test('every look at it is noted, and none that was refused', async () => {
    const audit = async (subject: string) =>
      (await get('admin', `/v1/audit?subject=${subject}&action=incidents.read`)).pluck('items', 'role').sort();
    const thrice = ['admin', 'operator', 'supervisor'].flatMap((role) => [role, role, role]);
    const seen = ['admin', 'admin', 'auditor', 'operator', 'operator', 'supervisor', 'supervisor'];
    await until('all is noted', async () => {
      const [incident, call] = [await audit(`incident/${id}`), await audit(`call/${callId}`)];
      return incident.length >= thrice.length && call.length >= seen.length;
    });
    expect(await audit(`incident/${id}`)).toEqual(thrice);
    expect(await audit(`call/${callId}`)).toEqual(seen);
  });
});

test('an incident that is not confidential leaves no trail of readers', async () => {
  const { id } = await store('fire');
  expect((await get('auditor', `/v1/incidents/${id}`)).status).toBe(200);
  expect((await get('admin', `/v1/audit?subject=incident/${id}`)).at('items')).toEqual([]);
});

test('with PostgreSQL away a live confidential incident is read all the same', async () => {
  const { id, incident } = rooms.open({ kind: 'child-violence' });
  proxy.cut();
  try {
    expect((await get('supervisor', `/v1/incidents/${incident.id}`)).at('kind')).toBe('child-violence');
    expect((await get('supervisor', `/v1/calls/${id}`)).at('callerNumber')).toBe('0761112');
  } finally {
    proxy.restore();
  }
});

test('an incident is found by the six digits that were said on the telephone', async () => {
  const { id } = await store('fire');
  const number = incidentNumber(id);
  const listed = async (query: string) => (await get('operator', `/v1/incidents?${query}`)).body;
  expect(await listed(`number=${number}`)).toMatchObject({ items: [{ id, number }], next: null });
  expect(await listed(`number=${number}&kind=flood`)).toMatchObject({ items: [] });
  expect((await get('operator', '/v1/incidents?number=12')).status).toBe(400);
  // Whatever the id, PostgreSQL says what we say.
  const ids = Array.from({ length: 200 }, () => randomUUID());
  const said = z.object({ number: z.string() });
  const rows = await rooms.postgres.rows(said, 'select incident_number(unnest($1::uuid[])) as number', [ids]);
  expect(rows.map((row) => row.number)).toEqual(ids.map(incidentNumber));
});

test('a cursor that somebody made up is refused, not a fault of ours', async () => {
  const uuid = newId(systemClock.now());
  const made: (string | number)[][] = [
    ['yesterday', uuid],
    ['2026-01-01', uuid],
    ['0000-01-01T00:00:00.000Z', uuid],
    [`2026-01-01T00:00:00.${'1'.repeat(300)}Z`, uuid],
    ['2026-01-01T00:00:00.000Z', 'x'],
    ['2026-01-01T00:00:00.000Z'],
    [1e30, uuid],
    [1e30],
    ['1'.repeat(19)],
  ];
  for (const list of ['calls', 'incidents', 'dispatches', 'audit', 'rules/versions']) {
    for (const cursor of made) {
      const answer = await get('admin', `/v1/${list}?cursor=${encodeCursor(cursor)}`);
      expect([list, cursor, answer.status, answer.code]).toEqual([list, cursor, 400, 'request.cursor-invalid']);
    }
  }
  for (const list of ['calls', 'incidents']) {
    const first = await get('admin', `/v1/${list}?limit=1`);
    const second = await get('admin', `/v1/${list}?limit=1&cursor=${String(first.at('next'))}`);
    expect([second.status, second.at('items.0.id') === first.at('items.0.id')]).toEqual([200, false]);
  }
});
