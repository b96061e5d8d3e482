import { createHash } from 'node:crypto';
import { z } from 'zod';
import { createToken } from '../../src/access/token-command.ts';
import { newId } from '../../src/platform/ids.ts';
import type { Role } from '../../src/platform/auth.ts';
import { openPeople, startPeople, type PeopleOfFile, type PeopleRoom } from '../support/people-room.ts';
import { ask, until, type Answer } from '../support/rest.ts';

let people: PeopleOfFile;
let extensions = 200;

beforeAll(async () => {
  people = await openPeople();
});
afterAll(() => people.stop());

const send: PeopleOfFile['send'] = (...request) => people.send(...request);

const person = z.object({
  id: z.string(),
  extension: z.string(),
  pin: z.string(),
  deskId: z.string().nullable(),
  sip: z.object({ username: z.string(), password: z.string(), realm: z.string() }).nullable(),
});

async function hire(body: object = {}): Promise<z.output<typeof person>> {
  extensions += 1;
  const answer = await send('POST', '/v1/operators', { name: 'Budi', extension: String(extensions), ...body });
  expect(answer.status).toBe(201);
  return person.parse(answer.body);
}

async function desk(body: object = {}): Promise<{ id: string; account: string; password: string }> {
  const answer = await send('POST', '/v1/desks', { name: 'Meja', ...body });
  expect(answer.status).toBe(201);
  const [id, account, password] = ['id', 'account', 'sip.password'].map((path) => z.string().parse(answer.at(path)));
  return { id: id ?? '', account: account ?? '', password: password ?? '' };
}

async function shown(operatorId: string): Promise<Record<string, unknown>> {
  const { body } = await send('GET', '/v1/operators');
  const { items } = z.object({ items: z.array(z.record(z.string(), z.unknown())) }).parse(body);
  const found = items.find(({ id }) => id === operatorId);
  if (found === undefined) throw new Error('the operator is not listed');
  return found;
}

const digest = (account: string, password: string): string =>
  `MD5:${createHash('md5').update(`${account}:asterisk:${password}`).digest('hex')}`;

test('an operator gets a desk of his own, is logged in there, and Asterisk has its account', async () => {
  const made = await hire({ skills: ['medical'], languages: ['id', 'min'], tier: 'standby' });
  expect(made.pin).toMatch(/^\d{6}$/);
  const account = made.sip?.username ?? '';
  expect(people.room.accounts.get(`auth ${account}`)?.fields['password_digest']).toBe(
    digest(account, made.sip?.password ?? ''),
  );
  await until('he is logged in', async () => (await shown(made.id))['desk'] !== null);
  expect(await shown(made.id)).toMatchObject({
    tier: 'standby',
    skills: ['medical'],
    languages: ['id', 'min'],
    desk: { id: made.deskId, name: 'Budi' },
    state: 'offline',
  });
  people.room.acd.line.registered(account, true);
  expect(await shown(made.id)).toMatchObject({ state: 'available' });
  expect((await send('POST', '/v1/operators', { name: 'X', extension: made.extension })).code).toBe(
    'operators.extension-taken',
  );
});

test('a person without a desk logs in at one, is refused where somebody is, and moves on; all of it is recorded', async () => {
  const ani = await hire({ desk: false });
  const budi = await hire({ desk: false });
  expect(ani).toMatchObject({ deskId: null, sip: null });
  const [first, second] = [await desk(), await desk()];
  const logIn = (who: string, deskId: string, as?: Role): Promise<Answer> =>
    send('POST', `/v1/operators/${who}/session`, { deskId }, as);
  expect((await logIn(ani.id, first.id)).at('desk.id')).toBe(first.id);
  expect(await logIn(budi.id, first.id)).toMatchObject({ status: 409, code: 'operators.desk-taken' });
  expect(await logIn(budi.id, newId(0))).toMatchObject({ status: 409, code: 'operators.unknown-desk' });
  expect(await logIn(newId(0), first.id)).toMatchObject({ status: 404, code: 'operators.unknown' });
  expect((await logIn(ani.id, second.id, 'operator')).status).toBe(403);
  expect((await logIn(ani.id, second.id, 'supervisor')).status).toBe(200);
  expect((await send('DELETE', `/v1/desks/${second.id}`)).code).toBe('desks.taken');
  expect((await send('DELETE', `/v1/operators/${ani.id}/session`)).status).toBe(204);
  expect((await send('DELETE', `/v1/operators/${ani.id}/session`)).code).toBe('operators.not-logged-in');
  const own = await createToken(people.database.url, { role: 'operator', name: 'Ani', operatorId: ani.id });
  const asHerself = { base: people.room.base };
  await until('her token is known', async () => (await ask(asHerself, own.token, 'GET', '/v1/queue')).status === 200);
  const path = `/v1/operators/${ani.id}/session`;
  expect((await ask(asHerself, own.token, 'POST', path, { body: { deskId: first.id } })).status).toBe(200);
  expect((await ask(asHerself, own.token, 'DELETE', path)).status).toBe(204);
  expect((await send('DELETE', `/v1/desks/${second.id}`)).status).toBe(204);

  await people.room.write();
  const { body } = await send('GET', `/v1/operators/${ani.id}/sessions`);
  const { items } = z
    .object({
      items: z.array(z.object({ deskId: z.string(), endedBy: z.string(), beganAt: z.string(), endedAt: z.string() })),
    })
    .parse(body);
  expect(items.map(({ deskId, endedBy }) => [deskId, endedBy])).toEqual([
    [first.id, 'logged-out'],
    [second.id, 'logged-out'],
    [first.id, 'another-desk'],
  ]);
  const audited = () =>
    people.room.postgres.rows(
      z.object({ action: z.string() }),
      `select action from audit where subject = $1 and action in ('operators.log-in', 'operators.log-out') order by id`,
      [`operator/${ani.id}`],
    );
  await until('all is audited', async () => (await audited()).length >= 5);
  expect((await audited()).map(({ action }) => action)).toEqual([
    'operators.log-in',
    'operators.log-in',
    'operators.log-out',
    'operators.log-in',
    'operators.log-out',
  ]);
});

test('a desk: roles, transport and media in its account, a new password, and settings that never tell it', async () => {
  for (const [method, path] of [
    ['POST', '/v1/desks'],
    ['PATCH', `/v1/desks/${newId(0)}`],
    ['DELETE', `/v1/desks/${newId(0)}`],
  ] as const) {
    const body = method === 'DELETE' ? undefined : { name: 'x' };
    expect((await send(method, path, body, 'supervisor')).status).toBe(403);
    if (method !== 'POST') expect((await send(method, path, body)).code).toBe('desks.unknown');
  }
  expect((await send('GET', '/v1/desks', undefined, 'supervisor')).status).toBe(200);
  expect((await send('GET', '/v1/desks', undefined, 'operator')).status).toBe(403);
  const made = await desk({ transport: 'tls', media: 'srtp' });
  const endpoint = () => people.room.accounts.get(`endpoint ${made.account}`)?.fields;
  expect(endpoint()).toMatchObject({
    media_encryption: 'sdes',
    media_encryption_optimistic: 'no',
    transport: '',
  });
  const changed = await send('PATCH', `/v1/desks/${made.id}`, { transport: 'udp', media: 'rtp' });
  expect(changed.body).toMatchObject({ transport: 'udp', media: 'rtp', pushed: true, operator: null });
  expect(endpoint()).toMatchObject({ media_encryption_optimistic: 'yes', transport: '' });
  const renewed = await send('POST', `/v1/desks/${made.id}/password`);
  const password = z.string().parse(renewed.at('sip.password'));
  expect(password).not.toBe(made.password);
  expect(people.room.accounts.get(`auth ${made.account}`)?.fields['password_digest']).toBe(
    digest(made.account, password),
  );
  expect(renewed.at('provisioning.uri')).toBe(
    `sip:${made.account}@sip.example:5070;transport=udp;username=${made.account};password=${password};domain=sip.example`,
  );
  expect(renewed.at('provisioning.qr')).toMatch(/^data:image\/svg\+xml;base64,/);
  const told = await send('GET', `/v1/desks/${made.id}/provisioning`);
  expect(told.body).toMatchObject({ username: made.account, domain: 'sip.example', port: 5070, transport: 'udp' });
  expect(told.text).not.toContain(password);
  expect((await send('GET', '/v1/desks')).text).not.toContain(password);
});

test('a person is changed; a new PIN is the only one that opens, and is kept nowhere', async () => {
  const made = await hire();
  expect(await people.room.acd.checkPin(made.extension, made.pin)).toEqual({ right: true, operatorId: made.id });
  const changed = await send('PATCH', `/v1/operators/${made.id}`, {
    name: 'Citra',
    skills: ['fire'],
    tier: 'supervisor',
  });
  expect(changed.body).toMatchObject({ name: 'Citra', skills: ['fire'], tier: 'supervisor', languages: ['id'] });
  expect((await send('PATCH', `/v1/operators/${newId(0)}`, { name: 'x' })).code).toBe('operators.unknown');
  const pin = z.string().parse((await send('POST', `/v1/operators/${made.id}/pin`)).at('pin'));
  expect(await people.room.acd.checkPin(made.extension, pin)).toMatchObject({ right: true });
  if (pin !== made.pin)
    expect(await people.room.acd.checkPin(made.extension, made.pin)).toMatchObject({ right: false });
  const rows = await people.room.postgres.rows(
    z.object({ row: z.string() }),
    'select row(o.*)::text as row from operators o',
  );
  expect(rows.some(({ row }) => row.includes(pin))).toBe(false);
});

test('who is logged in and who is paused is as before after a restart, also who had logged out of his own desk', async () => {
  const [stays, moved, left] = [await hire(), await hire({ desk: false }), await hire()];
  const elsewhere = await desk();
  await send('POST', `/v1/operators/${moved.id}/session`, { deskId: elsewhere.id });
  await send('POST', `/v1/operators/${stays.id}/state`, { state: 'paused', reason: 'makan' });
  expect((await send('DELETE', `/v1/operators/${left.id}/session`)).status).toBe(204);
  const before = people.room.entries.filter((entry) => entry.kind === 'operator-session').map(({ id }) => id);
  people.room = await people.room.restart();
  expect(await shown(stays.id)).toMatchObject({ desk: { id: stays.deskId }, reason: 'makan' });
  expect(await shown(moved.id)).toMatchObject({ desk: { id: elsewhere.id }, reason: null });
  expect(await shown(left.id)).toMatchObject({ desk: null });
  // Nobody began a new session by it.
  expect(people.room.entries.filter((entry) => entry.kind === 'operator-session')).toEqual([]);
  expect(before.length).toBeGreaterThan(0);
  people.room.acd.line.registered(stays.sip?.username ?? '', true);
  expect(await shown(stays.id)).toMatchObject({ state: 'paused', reason: 'makan' });
});

test('another process of the node hears who logs in and who is paused', async () => {
  const made = await hire({ desk: false });
  const at = await desk();
  const other = await startPeople(people.database.url, people.room.stateDir);
  try {
    expect((await send('POST', `/v1/operators/${made.id}/session`, { deskId: at.id })).status).toBe(200);
    await send('POST', `/v1/operators/${made.id}/state`, { state: 'paused', reason: 'rapat' });
    const there = () => other.acd.line.snapshot().operators.find(({ operator }) => operator.id === made.id);
    await until('the other process knows', () => there()?.desk?.id === at.id && there()?.reason === 'rapat');
    await send('DELETE', `/v1/operators/${made.id}/session`);
    await until('and that he left', () => there()?.desk === null);
    expect(other.entries.filter((one) => one.kind === 'operator-session' && one.operatorId === made.id)).toEqual([]);
  } finally {
    await other.close();
  }
});

test('of two processes neither overwrites what the other was told a moment ago', async () => {
  const [ani, budi] = [await hire({ desk: false }), await hire({ desk: false })];
  const [first, second] = [await desk(), await desk()];
  const other = await startPeople(people.database.url, people.room.stateDir);
  try {
    const logIn = (base: string, who: string, deskId: string): Promise<Answer> =>
      ask({ base }, people.tokens.admin, 'POST', `/v1/operators/${who}/session`, { body: { deskId } });
    expect((await logIn(people.room.base, ani.id, first.id)).status).toBe(200);
    // The other has not heard of her, and writes its own.
    expect((await logIn(other.base, budi.id, second.id)).status).toBe(200);
    const where = (one: PeopleRoom): unknown[] =>
      [ani, budi].map(
        ({ id }) => one.acd.line.snapshot().operators.find(({ operator }) => operator.id === id)?.desk?.id,
      );
    const both = [first.id, second.id];
    await until(
      'each has what the other was told',
      () => String([where(people.room), where(other)]) === String([both, both]),
    );
    const third = await startPeople(people.database.url, people.room.stateDir);
    try {
      expect(where(third)).toEqual(both);
    } finally {
      await third.close();
    }
    for (const { id } of [ani, budi]) {
      const told = [...people.room.entries, ...other.entries].flatMap((one) =>
        one.kind === 'operator-session' && one.operatorId === id ? [one.ended] : [],
      );
      expect(told).toEqual([null]);
    }
  } finally {
    await other.close();
  }
});

test('an operator who is deleted is gone with his desk, and what he did is over', async () => {
  const made = await hire();
  await until('he is logged in', async () => (await shown(made.id))['desk'] !== null);
  const { token } = await createToken(people.database.url, { role: 'operator', name: 'his own', operatorId: made.id });
  await until(
    'his token is known',
    async () => (await ask(people.room, token, 'GET', '/v1/tokens/current')).status === 200,
  );
  expect((await send('DELETE', `/v1/operators/${made.id}`)).status).toBe(204);
  await until(
    'his token is worth nothing',
    async () => (await ask(people.room, token, 'GET', '/v1/tokens/current')).status === 401,
  );
  expect(people.room.accounts.has(`endpoint ${made.sip?.username ?? ''}`)).toBe(false);
  expect((await send('GET', '/v1/desks')).text).not.toContain(made.deskId ?? 'none');
  await until('his session is over', () =>
    people.room.entries.some(
      (one) => one.kind === 'operator-session' && one.operatorId === made.id && one.ended !== null,
    ),
  );
  expect(
    people.room.entries.filter((one) => one.kind === 'operator' && one.operatorId === made.id).at(-1),
  ).toMatchObject({
    state: 'offline',
    reason: 'deleted',
  });
  expect((await send('DELETE', `/v1/operators/${made.id}`)).code).toBe('operators.unknown');
});
