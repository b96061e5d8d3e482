import { z } from 'zod';
import type { Role } from '../../src/platform/auth.ts';
import { definePublicRoute, defineRoute, defineStream, type Route } from '../../src/platform/route.ts';
import { createDatabase, type TestDatabase } from '../support/database.ts';
import { ask, until } from '../support/rest.ts';
import { startRooms, type Rooms } from '../support/rooms.ts';
import { makeTokens } from '../support/tokens.ts';

let database: TestDatabase;
let rooms: Rooms;
let tokens: Record<Role, string>;
let made = 0;
const idle = (): void => undefined;
let release: () => void = idle;

const operations = z.object({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.object({
        summary: z.string(),
        security: z.unknown().optional(),
        parameters: z.unknown().optional(),
        requestBody: z.unknown().optional(),
        responses: z.record(z.string(), z.object({ content: z.unknown().optional() })),
      }),
    ),
  ),
});

const routes: Route[] = [
  defineRoute({
    method: 'POST',
    path: '/v1/things',
    audited: { instead: 'a test looks at it' },
    summary: 'Make a thing',
    roles: ['admin', 'operator'],
    input: { body: z.strictObject({ name: z.string(), wait: z.boolean().optional(), fail: z.boolean().optional() }) },
    response: { 201: z.object({ number: z.number() }) },
    idempotency: 'postgres',
    handler: async ({ body }) => {
      if (body.wait) await new Promise<void>((resolve) => (release = resolve));
      if (body.fail) throw new Error('a fault of ours, with a secret inside');
      made += 1;
      return { status: 201, body: { number: made }, headers: { Location: `/v1/things/${made}` } };
    },
  }),
  definePublicRoute({
    method: 'GET',
    path: '/v1/open',
    summary: 'Open to all',
    input: {},
    response: { 200: z.object({ open: z.boolean() }) },
    handler: () => ({ status: 200, body: { open: true } }),
  }),
  defineStream({
    method: 'GET',
    path: '/v1/stream',
    summary: 'A stream',
    roles: ['operator'],
    contentType: 'text/event-stream',
    input: {},
    handler: async ({ signal }, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write('data: first\n\n');
      await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
      response.end('data: last\n\n');
    },
  }),
];

beforeAll(async () => {
  database = await createDatabase();
  tokens = await makeTokens(database.url);
  rooms = await startRooms(database.url, { extraRoutes: routes, http: { rateLimits: { perAddress: 60 } } });
});
afterAll(async () => {
  await rooms.stop();
  await database.drop();
});

describe('Idempotency-Key', () => {
  const send = (key: string, body: unknown, token = tokens.admin) =>
    ask(rooms, token, 'POST', '/v1/things', { body, headers: { 'idempotency-key': key } });

  test('the same command twice is done once and answered twice', async () => {
    const first = await send('k-1', { name: 'a' });
    const second = await send('k-1', { name: 'a' });
    expect(first.status).toBe(201);
    expect([second.status, second.body, second.headers.get('location')]).toEqual([
      201,
      first.body,
      first.headers.get('location'),
    ]);
    expect(second.headers.get('idempotency-replayed')).toBe('true');
  });

  test('another token or another key is another command; without a key each is new', async () => {
    const numbers = [
      await send('k-2', { name: 'a' }),
      await send('k-2', { name: 'a' }, tokens.operator),
      await send('k-3', { name: 'a' }),
      await ask(rooms, tokens.admin, 'POST', '/v1/things', { body: { name: 'a' } }),
      await ask(rooms, tokens.admin, 'POST', '/v1/things', { body: { name: 'a' } }),
    ].map((answer) => answer.at('number'));
    expect(new Set(numbers).size).toBe(5);
  });

  test('another body under the same key is refused', async () => {
    await send('k-4', { name: 'a' });
    const answer = await send('k-4', { name: 'b' });
    expect([answer.status, answer.code]).toEqual([422, 'idempotency.key-reused']);
  });

  test('a second one while the first runs is a conflict, and gets the answer afterwards', async () => {
    const before = made;
    const first = send('k-5', { name: 'slow', wait: true });
    await until('the first one runs', () => release !== idle);
    const second = await send('k-5', { name: 'slow', wait: true });
    expect([second.status, second.code]).toEqual([409, 'idempotency.in-progress']);
    release();
    expect((await first).body).toEqual({ number: before + 1 });
    expect((await send('k-5', { name: 'slow', wait: true })).body).toEqual({ number: before + 1 });
  });

  test('a command that failed may be tried again under its key', async () => {
    expect((await send('k-6', { name: 'a', fail: true })).status).toBe(500);
    expect((await send('k-6', { name: 'a', fail: true })).status).toBe(500);
    expect((await send('k-6', { name: 'a' })).status).toBe(201);
  });

  test('a key of another day is free again', async () => {
    const first = await send('k-7', { name: 'a' });
    await rooms.postgres.execute(
      `UPDATE idempotency_keys SET created_at = now() - interval '25 hours' WHERE key = 'k-7'`,
    );
    expect((await send('k-7', { name: 'b' })).at('number')).toBe(Number(first.at('number')) + 1);
  });

  test.each(['', ' ', 'x'.repeat(256), 'a b'])('a key that is none is refused (%#)', async (key) => {
    expect((await send(key, { name: 'a' })).code).toBe('idempotency.key-invalid');
  });
});

describe('what is wrong with a request is said', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    ask(rooms, tokens.admin, 'POST', '/v1/things', { body, headers });

  test.each([
    ['{"name":', {}, 400, 'request.malformed-json'],
    ['"text"', {}, 400, 'request.invalid'],
    ['{"name":"a"}', { 'content-type': 'text/plain' }, 400, 'request.invalid'],
    [JSON.stringify({ name: 'x'.repeat(300_000) }), {}, 413, 'request.too-large'],
    ['{"name":"a"}', { 'content-type': 'application/json; charset=klingon' }, 415, 'request.charset'],
    ['{"name":"a"}', { 'content-encoding': 'klingon' }, 415, 'request.encoding'],
  ])('a body that cannot be read (%#)', async (body, headers, status, code) => {
    const answer = await post(body, headers);
    expect([answer.status, answer.code]).toEqual([status, code]);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
    expect(answer.at('reference')).toMatch(/^[0-9a-f-]{36}$/);
  });

  test('who has no token, or one without the role, is told so before the body is read', async () => {
    const send = (token: string | undefined) => ask(rooms, token, 'POST', '/v1/things', { body: '{"name":' });
    expect((await send(undefined)).code).toBe('access.no-token');
    expect((await send(tokens.auditor)).code).toBe('access.role');
  });

  test('a path that is not there, or a method', async () => {
    for (const [method, path] of [
      ['GET', '/v1/nothing'],
      ['GET', '/'],
      ['DELETE', '/v1/things'],
      ['GET', '/v1/things/%zz'],
    ] as const) {
      const answer = await ask(rooms, tokens.admin, method, path);
      expect([404, 400]).toContain(answer.status);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
    }
  });

  test('our own fault tells a reference and nothing of its inside', async () => {
    const answer = await post('{"name":"a","fail":true}');
    expect([answer.status, answer.code]).toEqual([500, 'internal']);
    expect(answer.text).not.toContain('secret');
    expect(answer.text).toContain(answer.at('reference'));
  });
});

describe('pages of the server itself', () => {
  test('health is open and holds nothing personal', async () => {
    expect((await ask(rooms, undefined, 'GET', '/healthz')).body).toMatchObject({ status: 'ok', version: 'test' });
    expect((await ask(rooms, undefined, 'GET', '/readyz')).body).toEqual({
      ready: true,
      parts: { postgres: 'up' },
      modes: [],
    });
  });

  test('metrics are for this machine, or for a token', async () => {
    const local = await ask(rooms, undefined, 'GET', '/metrics');
    expect(local.text).toContain('siaga_http_request_duration_seconds_bucket');
    expect(local.text).toContain('route="/v1/things"');
    const throughProxy = { headers: { 'x-forwarded-for': '203.0.113.7' } };
    expect((await ask(rooms, undefined, 'GET', '/metrics', throughProxy)).status).toBe(401);
    expect((await ask(rooms, tokens.auditor, 'GET', '/metrics', throughProxy)).status).toBe(200);
  });

  test('the description names every route, its roles and its schemas', async () => {
    const description = operations.parse((await ask(rooms, undefined, 'GET', '/openapi.json')).body);
    expect(description.openapi).toBe('3.1.0');
    const of = (method: string, path: string) => description.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method];
    for (const route of rooms.routes) {
      const operation = of(route.method.toLowerCase(), route.path);
      expect(operation?.summary).toBe(route.summary);
      expect(operation?.responses['default']?.content).toHaveProperty(['application/problem+json']);
      expect(operation?.security).toEqual(route.roles === 'public' ? undefined : [{ token: [] }]);
    }
    expect(of('post', '/v1/things')?.requestBody).toMatchObject({
      content: { 'application/json': { schema: { properties: { name: { type: 'string' } } } } },
    });
    expect(of('get', '/v1/agencies/:agencyId')?.parameters).toMatchObject([{ name: 'agencyId', in: 'path' }]);
    expect(of('get', '/v1/stream')?.responses['200']?.content).toHaveProperty(['text/event-stream']);
  });

  test('the page of the API lists every route and loads nothing from elsewhere', async () => {
    const page = await ask(rooms, undefined, 'GET', '/docs');
    for (const route of rooms.routes) expect(page.text).toContain(route.path);
    expect(page.text).not.toMatch(/<script|https?:\/\//);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('streams', () => {
  test('one is open until the server stops, and does not keep it from stopping', async () => {
    const other = await startRooms(database.url, { extraRoutes: routes });
    const response = await fetch(`${other.base}/v1/stream`, {
      headers: { authorization: `Bearer ${tokens.operator}` },
    });
    const chunks = response.body?.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
    expect((await chunks?.next())?.value).toBe('data: first\n\n');
    const from = performance.now();
    await other.stop();
    expect(performance.now() - from).toBeLessThan(3_000);
    expect((await chunks?.next())?.value).toBe('data: last\n\n');
    expect((await chunks?.next())?.done).toBe(true);
  });

  test('roles hold for it too', async () => {
    expect((await ask(rooms, tokens.auditor, 'GET', '/v1/stream')).status).toBe(403);
  });
});

test('too many requests without a token are slowed down; a valid token from the same address is not', async () => {
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(rooms, 'wrong', 'GET', '/v1/rules')));
  const codes = new Set(answers.map(({ status, code }) => `${status} ${String(code)}`));
  expect(codes).toContain('429 request.too-many');
  expect((await ask(rooms, undefined, 'GET', '/v1/open')).status).toBe(429);
  expect((await ask(rooms, tokens.operator, 'GET', '/v1/rules')).status).toBe(200);
});
