import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { roles, type Role } from '../../src/platform/auth.ts';
import { z } from 'zod';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

const anything = z.unknown();
let database: TestDatabase;
let rooms: Rooms;
let tokens: Record<Role, string>;

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  // Every route is asked for by nobody in particular, from one address.
  rooms = await startRooms(database.url, { http: { rateLimits: { perAddress: 1_000 } } });
});
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

/** Who may do what: the table that the routes are held to. */
const allowed: Record<string, readonly Role[]> = {
  'GET /v1/tokens': ['admin'],
  'GET /v1/tokens/current': roles,
  'POST /v1/tokens': ['admin'],
  'DELETE /v1/tokens/:tokenId': ['admin'],
  'GET /v1/audit': ['admin', 'auditor'],
  'GET /v1/agencies': roles,
  'GET /v1/agencies/:agencyId': roles,
  'PUT /v1/agencies/:agencyId': ['admin'],
  'DELETE /v1/agencies/:agencyId': ['admin'],
  'GET /v1/trunks': roles,
  'GET /v1/kinds': roles,
  'GET /v1/recipients': ['supervisor', 'admin'],
  'GET /v1/recipients/:recipientId': ['supervisor', 'admin'],
  'PUT /v1/recipients/:recipientId': ['admin'],
  'DELETE /v1/recipients/:recipientId': ['admin'],
  'POST /v1/recipients/:recipientId/secret': ['admin'],
  'GET /v1/rules': roles,
  'PUT /v1/rules': ['admin'],
  'GET /v1/rules/versions': roles,
  'GET /v1/rules/versions/:version': roles,
  'GET /v1/rules/versions/:version/changes': roles,
  'POST /v1/rules/versions/:version/activate': ['admin'],
  'POST /v1/rules/evaluate': ['admin', 'supervisor', 'auditor'],
  'GET /v1/settings': roles,
  'PATCH /v1/settings': ['admin'],
};

test('the table names every route', () => {
  expect(rooms.routes.map((route) => `${route.method} ${route.path}`).sort()).toEqual(Object.keys(allowed).sort());
});

describe.each(Object.entries(allowed))('%s', (route, whoMay) => {
  const [method = '', path = ''] = route.split(' ');
  const url = path.replace(/:\w+/, '999999');

  test('needs a token that is known', async () => {
    for (const token of [undefined, 'siaga_wrong', 'x y']) {
      const answer = await ask(rooms, token, method, url);
      expect([answer.status, answer.code]).toEqual([401, 'access.no-token']);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      expect(answer.headers.get('www-authenticate')).toContain('Bearer');
    }
  });

  test.each(roles)('as %s', async (role) => {
    // Without a sound body or a thing that exists nobody changes anything: past the guard it is 200, 4xx but not 403.
    const { status, code } = await ask(rooms, tokens[role], method, url);
    if (whoMay.includes(role)) expect([200, 400, 404, 428]).toContain(status);
    else expect([status, code]).toEqual([403, 'access.role']);
  });
});

describe('tokens', () => {
  test('one is shown once, works at once, is listed without its secret, and ends at once', async () => {
    const made = await ask(rooms, tokens.admin, 'POST', '/v1/tokens', {
      body: { name: 'Desk 4', role: 'operator', operatorId: 'op-4' },
    });
    expect(made.status).toBe(201);
    expect(made.at('token')).toMatch(/^siaga_[A-Za-z0-9_-]{43}$/);
    const id = String(made.at('id'));
    const token = String(made.at('token'));
    const current = await ask(rooms, token, 'GET', '/v1/tokens/current');
    expect(current.body).toEqual({ tokenId: id, role: 'operator', name: 'Desk 4', operatorId: 'op-4' });

    const list = await ask(rooms, tokens.admin, 'GET', '/v1/tokens');
    expect(list.at('items')).toContainEqual(expect.objectContaining({ id, name: 'Desk 4', revokedAt: null }));
    expect(list.text).not.toContain(token);
    expect(list.text).not.toMatch(/[0-9a-f]{64}/);
    const rows = await rooms.postgres.rows(anything, 'SELECT * FROM tokens');
    expect(JSON.stringify(rows)).not.toContain(token);

    expect((await ask(rooms, tokens.admin, 'DELETE', `/v1/tokens/${id}`)).status).toBe(204);
    expect((await ask(rooms, token, 'GET', '/v1/tokens/current')).status).toBe(401);
    expect((await ask(rooms, tokens.admin, 'DELETE', `/v1/tokens/${id}`)).code).toBe('tokens.unknown');
  });

  test('a list goes on where its cursor says, and a made-up cursor is refused', async () => {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const next: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await ask(rooms, tokens.admin, 'GET', `/v1/tokens?limit=2${next}`);
      seen.push(...page.pluck('items', 'id').map(String));
      cursor = z.string().nullable().parse(page.at('next'));
    } while (cursor !== null);
    const rows = await rooms.postgres.rows(z.object({ id: z.string() }), 'SELECT id FROM tokens ORDER BY id');
    expect(seen).toEqual(rows.map(({ id }) => id));
    const wrong = await ask(rooms, tokens.admin, 'GET', '/v1/tokens?cursor=abc');
    expect([wrong.status, wrong.code]).toEqual([400, 'request.cursor-invalid']);
  });

  test.each([
    [{}, ['body.name', 'body.role']],
    [{ name: 'a\u0007', role: 'admin' }, ['body.name']],
    [{ name: 'a', role: 'root' }, ['body.role']],
    [{ name: 'a', role: 'admin', more: 1 }, ['body']],
    [[], ['body']],
  ])('%j is refused with its faults', async (body, paths) => {
    const answer = await ask(rooms, tokens.admin, 'POST', '/v1/tokens', { body });
    expect([answer.status, answer.code]).toEqual([400, 'request.invalid']);
    expect(answer.pluck('faults', 'path')).toEqual(paths);
  });

  test('the last admin token stays, also when two revoke each other at once', async () => {
    const own = await ask(rooms, tokens.admin, 'GET', '/v1/tokens/current');
    const second = await ask(rooms, tokens.admin, 'POST', '/v1/tokens', { body: { name: 'second', role: 'admin' } });
    const answers = await Promise.all([
      ask(rooms, tokens.admin, 'DELETE', `/v1/tokens/${String(second.at('id'))}`),
      ask(rooms, String(second.at('token')), 'DELETE', `/v1/tokens/${String(own.at('tokenId'))}`),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([204, 409]);
    expect(answers.find(({ status }) => status === 409)?.code).toBe('tokens.last-admin');
    if (answers[1].status === 204) tokens.admin = String(second.at('token'));
  });

  test('the copy on disk is for its owner only and holds no token', async () => {
    const file = join(rooms.stateDir, 'tokens.json');
    await until('the copy is there', () =>
      stat(file).then(
        () => true,
        () => false,
      ),
    );
    expect((await stat(file)).mode & 0o777).toBe(0o600);
  });
});

describe('audit', () => {
  test('tells who changed what, and cannot be changed', async () => {
    const made = await ask(rooms, tokens.admin, 'POST', '/v1/tokens', { body: { name: 'seen', role: 'auditor' } });
    const subject = `token/${String(made.at('id'))}`;
    const items = (await ask(rooms, tokens.auditor, 'GET', `/v1/audit?subject=${subject}`)).at('items');
    expect(items).toEqual([expect.objectContaining({ action: 'tokens.create', role: 'admin', subject })]);
    await expect(rooms.postgres.execute('DELETE FROM audit')).rejects.toThrow('append-only');
    await expect(rooms.postgres.execute(`UPDATE audit SET action = 'x'`)).rejects.toThrow('append-only');
  });

  test('is paged, newest first', async () => {
    const first = await ask(rooms, tokens.auditor, 'GET', '/v1/audit?limit=2');
    const second = await ask(rooms, tokens.auditor, 'GET', `/v1/audit?limit=2&cursor=${String(first.at('next'))}`);
    const ids = [...first.pluck('items', 'id'), ...second.pluck('items', 'id')].map(Number);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(new Set(ids).size).toBe(ids.length);
  });
});
