import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { fakeClock } from '../../test/support/fake-clock.ts';
import { ask } from '../../test/support/rest.ts';
import { answerAnywhere, type AnswerAnywhere } from './any-controller.ts';
import { systemClock } from './clock.ts';
import { askController } from './forward.ts';
import { createHttpServer } from './http.ts';
import { createLogger } from './logger.ts';
import { createMetrics } from './metrics.ts';
import { conflict } from './problem.ts';
import { forgetRestSocket, leaveRestSocket, otherRestSockets, restSocketOf } from './rest-sockets.ts';
import { defineRoute } from './route.ts';

const id = '018f0000-0000-7000-8000-000000000001';
const own = new Set<string>();
const left = new Set<string>();
const came: unknown[] = [];
let directory: string;
let asked = 0;
let isHeld = false;

const servers = ['leader', 'standby'].map((name, rank) => {
  const anywhere: AnswerAnywhere = (request, answer) =>
    answerAnywhere({
      rank,
      others: () => otherRestSockets(directory, restSocketOf(directory, name, rank)),
      ask: ({ socket }, passed) => {
        asked += 1;
        return askController(socket, passed, systemClock);
      },
      has: () => (own.has(name) ? 'live' : left.has(name) ? 'afterwards' : 'no'),
      isOver: () => Promise.resolve(false),
      held: () => isHeld,
    })(request, answer);
  const hold = defineRoute({
    method: 'POST',
    path: '/v1/calls/:callId/hold',
    summary: 'hold',
    audited: { instead: 'a test looks at it' },
    roles: ['operator'],
    input: { params: z.object({ callId: z.uuid() }), body: z.object({ note: z.string() }) },
    response: { 202: z.object({ by: z.string() }) },
    handler: ({ body, ip, ifMatch, idempotencyKey, principal }) => {
      if (body.note === 'again') throw conflict('calls.on-hold', 'It is on hold.');
      came.push({ name, body, ip, ifMatch, idempotencyKey, tokenId: principal.tokenId });
      return { status: 202, body: { by: name }, headers: { ETag: '"7"' } };
    },
  });
  return createHttpServer({
    routes: [hold],
    authenticate: (token) => {
      const role = token === 'auditor' ? 'auditor' : 'operator';
      const unknown = token === 'nobody' || (token === 'new' && name === 'leader');
      return unknown ? undefined : { tokenId: token, role, name: token };
    },
    logger: createLogger('silent'),
    metrics: createMetrics(),
    clock: systemClock,
    health: () => ({ ready: true, parts: {}, modes: [] }),
    version: 'test',
    anywhere,
  });
});
let base = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'rest-'));
  const ports = await Promise.all(servers.map((server) => server.listen('127.0.0.1', 0)));
  await Promise.all(
    servers.map((server, rank) =>
      server.listenToOthers(restSocketOf(directory, ['leader', 'standby'][rank] ?? '', rank)),
    ),
  );
  base = `http://127.0.0.1:${ports[1]}`;
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.close()));
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  own.clear();
  left.clear();
  own.add('leader');
  isHeld = false;
  came.length = asked = 0;
});

const hold = (token: string, note = 'sebentar', headers: Record<string, string> = {}) =>
  ask({ base }, token, 'POST', `/v1/calls/${id}/hold`, { body: { note }, headers });

test('a command comes to its owner as it was sent, and his answer goes back', async () => {
  const answer = await hold('t-1', 'sebentar', {
    'if-match': '"6"',
    'idempotency-key': 'k',
    'siaga-client': '6.6.6.6',
  });
  expect(answer.headers.has('siaga-answered')).toBe(false);
  expect({ status: answer.status, body: answer.body, etag: answer.headers.get('etag') }).toEqual({
    ...{ status: 202, body: { by: 'leader' }, etag: '"7"' },
  });
  const sent = { body: { note: 'sebentar' }, ifMatch: '"6"', idempotencyKey: 'k', tokenId: 't-1' };
  expect(came).toEqual([{ name: 'leader', ip: '127.0.0.1', ...sent }]);
});

test('a problem of the owner stays one', async () => {
  const answer = await hold('t-1', 'again');
  expect([answer.status, answer.code]).toEqual([409, 'calls.on-hold']);
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
});

test('whoever may not is refused where he asks, and nothing is passed on', async () => {
  expect([(await hold('nobody')).status, (await hold('auditor')).status]).toEqual([401, 403]);
  expect(asked).toBe(0);
});

test('what another refuses before it is begun is not his answer: nothing was done', async () => {
  const refused = await hold('new');
  expect([refused.status, refused.code, refused.at('mayBeDone')]).toEqual([503, 'controllers.unreachable', false]);
  isHeld = true;
  const socket = restSocketOf(directory, 'leader', 0);
  const headers = { authorization: 'Bearer t-1', 'content-type': 'application/json' };
  const path = `/v1/calls/${id}/hold`;
  const request = { method: 'POST', path, headers, body: { note: 'x' }, ip: '' } as const;
  expect(await askController(socket, request, systemClock)).toBe('unsent');
  expect(came).toEqual([]);
});

test('what nobody has is asked of each other once, and answered where it came in', async () => {
  own.clear();
  expect((await hold('t-1')).body).toEqual({ by: 'standby' });
  expect(asked).toBe(1);
});

test('what is left after a call is answered by whoever has it, once nobody says that he has the call', async () => {
  own.clear();
  left.add('leader');
  // What the client says of it counts for nothing.
  expect((await hold('t-1', 'x', { 'siaga-afterwards': '1' })).body).toEqual({ by: 'leader' });
  expect(asked).toBe(2);
  own.add('standby');
  expect((await hold('t-1')).body).toEqual({ by: 'standby' });
  own.clear();
  left.add('standby');
  expect((await hold('t-1')).body).toEqual({ by: 'standby' });
});

test('the socket is for this user alone', async () => {
  const { mode } = await stat(restSocketOf(directory, 'leader', 0));
  expect(mode & 0o777).toBe(0o600);
});

describe('one that stops', () => {
  const request = { method: 'GET', path: '/healthz', headers: {}, body: undefined, ip: '' } as const;
  const base = { routes: [], authenticate: () => undefined, version: 'test', clock: systemClock };
  const started = async (socket: string) => {
    const health = () => ({ ready: true, parts: {}, modes: [] });
    const server = createHttpServer({ ...base, health, logger: createLogger('silent'), metrics: createMetrics() });
    await server.listenToOthers(socket);
    return server;
  };
  const reached = (socket: string) => askController(socket, request, systemClock);

  test('and leaves calls is dead from the first moment until its calls are taken', async () => {
    const socket = restSocketOf(directory, 'leaves', 2);
    const server = await started(socket);
    expect(await reached(socket)).toBe('unanswered');
    const closing = server.close(5_000, true);
    expect(await reached(socket)).toBe('dead');
    await closing;
    await leaveRestSocket(directory, 'leaves', 2);
    expect(await reached(socket)).toBe('dead');
    expect(await otherRestSockets(directory, '')).toContainEqual({ rank: 2, socket });
    await forgetRestSocket(directory, 'leaves');
    expect(await reached(socket)).toBe('not-here');
  });

  test('and leaves none is gone', async () => {
    const socket = restSocketOf(directory, 'ends', 3);
    const server = await started(socket);
    await server.close();
    expect(await reached(socket)).toBe('not-here');
  });
});

describe('one that does not answer', () => {
  const request = { method: 'POST', path: '/', headers: {}, body: undefined, ip: '' } as const;

  test('is dead where nobody has its socket open, and not there where it is gone', async () => {
    const path = join(directory, 'dead');
    await writeFile(path, '');
    expect(await askController(path, request, systemClock)).toBe('dead');
    expect(await askController(join(directory, 'never'), request, systemClock)).toBe('not-here');
  });

  test.each([
    [404, 'unsent'],
    [500, 'unsent'],
    [202, 'unanswered'],
  ] as const)('of another version, says %i of what it does not say is his: %s', async (status, result) => {
    const path = join(directory, `old-${status}`);
    const old = createHttp((_request, response) => response.writeHead(status).end('{}'));
    await new Promise<void>((resolve) => old.listen(path, resolve));
    expect(await askController(path, request, systemClock)).toBe(result);
    await new Promise((resolve) => old.close(resolve));
  });

  test('is given up after two seconds, and nobody knows what it did', async () => {
    const path = join(directory, 'silent');
    const clock = fakeClock();
    const silent = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => clock.advance(2_000));
    });
    await new Promise<void>((resolve) => silent.listen(path, resolve));
    expect(await askController(path, request, clock)).toBe('unanswered');
    await new Promise((resolve) => silent.close(resolve));
  });
});
